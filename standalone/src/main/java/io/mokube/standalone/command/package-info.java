/**
 * The mokube command: options, messages, exit codes.
 *
 * <p>Nothing that a test would want without a command line belongs here.
 */
@NullMarked
package io.mokube.standalone.command;

import org.jspecify.annotations.NullMarked;
