/**
 * The state of the cluster in memory, kept current by one watch over the whole store: consistent reads, lists at a
 * revision, and watches, all served from bytes that were encoded once, when they were written.
 *
 * <p>Writes go past this package, to the store; what a client may see or in which form is no question here.
 */
@NullMarked
package io.mokube.apiserver.cache;

import org.jspecify.annotations.NullMarked;
