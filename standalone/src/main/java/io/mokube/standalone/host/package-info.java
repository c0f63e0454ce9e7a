/**
 * What the host must provide: Debian packages, free ports.
 *
 * <p>No cluster belongs here.
 */
@NullMarked
package io.mokube.standalone.host;

import org.jspecify.annotations.NullMarked;
