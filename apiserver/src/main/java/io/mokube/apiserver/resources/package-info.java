/**
 * The resources this server serves, as data: one definition for each, built-in or custom, in one explicit list.
 *
 * <p>No requests and no storage belong here.
 */
@NullMarked
package io.mokube.apiserver.resources;

import org.jspecify.annotations.NullMarked;
