/**
 * Reading the logs of containers from the files that runtimes write.
 *
 * <p>Nothing here knows pods, or who asks.
 */
@NullMarked
package io.mokube.kubelet.log;

import org.jspecify.annotations.NullMarked;
