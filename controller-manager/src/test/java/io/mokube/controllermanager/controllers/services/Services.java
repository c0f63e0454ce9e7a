package io.mokube.controllermanager.controllers.services;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.mokube.controllermanager.controllers.Pods;
import java.time.Instant;
import java.util.Map;

/** Services, their pods and nodes as tests need them. */
public final class Services {

    public static final Instant THEN = Instant.parse("2026-01-01T12:00:00Z");

    private Services() {}

    public static Service service(ServicePort... ports) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-of-web")
                .withCreationTimestamp("2026-01-01T10:00:00Z")
                .addToLabels("team", "red")
                .endMetadata()
                .withNewSpec()
                .withClusterIP("10.96.0.7")
                .withIpFamilies("IPv4")
                .addToSelector("app", "web")
                .withPorts(ports)
                .endSpec()
                .build();
    }

    public static ServicePort port(String name, int port, Object target) {
        return new ServicePortBuilder()
                .withName(name)
                .withProtocol("TCP")
                .withPort(port)
                .withTargetPort(
                        target instanceof Integer number ? new IntOrString(number) : new IntOrString((String) target))
                .build();
    }

    /** A ready pod with an address, on {@code node-1}. */
    public static Pod pod(String name, String... ips) {
        return withIps(Pods.ready(name, THEN), ips);
    }

    /** The same, before it is ready. */
    public static Pod notReady(String name, String... ips) {
        return withIps(Pods.notReady(Pods.pending(name), THEN), ips);
    }

    private static Pod withIps(Pod pod, String... ips) {
        PodBuilder builder = new PodBuilder(pod)
                .editMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .editStatus()
                .withPodIP(ips.length == 0 ? null : ips[0])
                .endStatus();
        for (String ip : ips) {
            builder = builder.editStatus().addNewPodIP(ip).endStatus();
        }
        return builder.build();
    }

    public static Pod withPort(Pod pod, String name, int number) {
        return new PodBuilder(pod)
                .editSpec()
                .addToContainers(container(name, number))
                .endSpec()
                .build();
    }

    public static Container container(String portName, int number) {
        return new ContainerBuilder()
                .withName("c" + number)
                .addNewPort()
                .withName(portName)
                .withContainerPort(number)
                .withProtocol("TCP")
                .endPort()
                .build();
    }

    public static Pod named(Pod pod, String hostname, String subdomain) {
        return new PodBuilder(pod)
                .editSpec()
                .withHostname(hostname)
                .withSubdomain(subdomain)
                .endSpec()
                .build();
    }

    public static Node node(String name, String zone, String cpu) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(zone.isEmpty() ? Map.of() : Map.of("topology.kubernetes.io/zone", zone))
                .endMetadata()
                .withNewStatus()
                .addToAllocatable("cpu", new Quantity(cpu))
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }
}
