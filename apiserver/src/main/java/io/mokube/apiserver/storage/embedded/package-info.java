/**
 * The store inside the process: versions of every key in memory, every change in a log on disk. A change flows through
 * {@link EmbeddedStore} (decides) to {@link Journal} (makes durable) to {@link History} (what watches read).
 *
 * <p>No network and no other store belongs here; what a store must do stands in {@link
 * io.mokube.apiserver.storage.KeyValueStore}.
 */
@NullMarked
package io.mokube.apiserver.storage.embedded;

import org.jspecify.annotations.NullMarked;
