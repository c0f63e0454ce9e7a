/**
 * The way of a request through the server: may it be asked, and which verb answers it.
 *
 * <p>Sockets and encodings lie before this package, what verbs do lies behind it.
 */
@NullMarked
package io.mokube.apiserver.pipeline;

import org.jspecify.annotations.NullMarked;
