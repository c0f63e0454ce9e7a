/**
 * The work queue: which keys wait, which are being worked on, and which come back later.
 *
 * <p>What the work is does not belong here.
 */
@NullMarked
package io.mokube.client.queue;

import org.jspecify.annotations.NullMarked;
