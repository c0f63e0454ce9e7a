package io.mokube.proxy.policy.model;

import io.mokube.proxy.model.Protocol;

/** Ports of a protocol that a policy allows. */
public sealed interface PortRule {

    /** Every port between two, both included; a policy without a number means 0 to 65535. */
    record Numbers(Protocol protocol, int first, int last) implements PortRule {}

    /** The port that a container of the pod that is connected to calls so. */
    record Named(NamedPort port) implements PortRule {}

    /** What containers call a port. */
    record NamedPort(Protocol protocol, String name) {}
}
