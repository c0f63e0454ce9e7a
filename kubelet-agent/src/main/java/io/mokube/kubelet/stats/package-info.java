/**
 * What the node and its pods use: measured when somebody asks, and written in the forms that monitoring reads.
 *
 * <p>Nothing is kept but the measurement before, for rates; who asks, and may, is the server's part.
 */
@NullMarked
package io.mokube.kubelet.stats;

import org.jspecify.annotations.NullMarked;
