package io.mokube.standalone.host;

import java.nio.file.Files;
import java.nio.file.Path;

/** A Debian package that Mokube may need, and the file by which it is known to be there. */
public enum HostPackage {
    CONTAINERD("containerd", "containerd"),
    RUNC("runc", "runc"),
    CNI_PLUGINS("containernetworking-plugins", "/usr/lib/cni/bridge"),
    IPTABLES("iptables", "iptables"),
    IPROUTE("iproute2", "ip"),
    NFTABLES("nftables", "nft"),
    CONNTRACK("conntrack", "conntrack"),
    BUSYBOX("busybox-static", "/bin/busybox"),
    ETCD("etcd-server", "etcd"),
    ETCD_CLIENT("etcd-client", "etcdctl"),
    DOCKER("docker.io", "dockerd"),
    DOCKER_COMPOSE("docker-compose", "docker-compose"),
    DEBOOTSTRAP("debootstrap", "debootstrap"),
    NGINX("nginx", "nginx");

    private final String packageName;
    private final String file;

    HostPackage(String packageName, String file) {
        this.packageName = packageName;
        this.file = file;
    }

    /** The name {@code apt-get} knows it by. */
    public String packageName() {
        return packageName;
    }

    /** Whether the package's command (on PATH or in the system's folders) or file is there. */
    public boolean isPresent() {
        if (file.startsWith("/")) {
            return Files.exists(Path.of(file));
        }
        return SearchPath.find(file).isPresent();
    }
}
