/**
 * A key-value store with etcd's semantics: revisions, compare-and-swap, ranges at a revision, watches, compaction, expiry.
 *
 * <p>No Kubernetes word belongs here: no objects, no resources.
 */
@NullMarked
package io.mokube.apiserver.storage;

import org.jspecify.annotations.NullMarked;
