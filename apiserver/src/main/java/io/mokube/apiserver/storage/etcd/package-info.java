/**
 * The store in an etcd cluster, spoken to through the gRPC services that jetcd generates. They do what is asked and no more;
 * jetcd's own client would retry, resume watches from where it thinks best, and set no deadlines.
 *
 * <p>No etcd type leaves this package; what a store must do stands in {@link io.mokube.apiserver.storage.KeyValueStore}.
 */
@NullMarked
package io.mokube.apiserver.storage.etcd;

import org.jspecify.annotations.NullMarked;
