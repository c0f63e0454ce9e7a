/**
 * Requests that are answered by a node: the API server passes them on to its kubelet and the answer back.
 *
 * <p>What a kubelet does is no question here.
 */
@NullMarked
package io.mokube.apiserver.proxy;

import org.jspecify.annotations.NullMarked;
