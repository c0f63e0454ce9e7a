/**
 * Who may use the images that the node has: what was pulled with whose credentials.
 *
 * <p>When an image is pulled, and with which login, is decided where containers are started.
 */
@NullMarked
package io.mokube.kubelet.images;

import org.jspecify.annotations.NullMarked;
