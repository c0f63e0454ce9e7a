package io.mokube.apiserver.storage.etcd;

/** etcd does not know the lease (any more), and wrote nothing. */
final class NoSuchLeaseException extends RuntimeException {

    private final long lease;

    NoSuchLeaseException(long lease) {
        super("no such lease: " + lease);
        this.lease = lease;
    }

    long lease() {
        return lease;
    }
}
