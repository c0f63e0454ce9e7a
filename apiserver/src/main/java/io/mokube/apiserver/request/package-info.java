/**
 * What a request asks for and what it is answered, as values: the words that HTTP, the pipeline and the verbs share.
 *
 * <p>Nothing here reads from a socket or knows a servlet.
 */
@NullMarked
package io.mokube.apiserver.request;

import org.jspecify.annotations.NullMarked;
