package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a pod that its containers may see, in variables and in files.
 *
 * @param addresses the pod's addresses
 * @param hostAddresses the node's
 * @param cpuMillis what the node has to offer, the limit of a container that has none
 */
public record PodFields(Pod pod, List<String> addresses, List<String> hostAddresses, long cpuMillis, long memoryBytes) {

    /**
     * The value of a field.
     *
     * @throws IllegalArgumentException when there is no such field
     */
    public String field(String path) {
        var metadata = pod.getMetadata();
        return switch (path) {
            case "metadata.name" -> metadata.getName();
            case "metadata.namespace" -> metadata.getNamespace();
            case "metadata.uid" -> metadata.getUid();
            case "metadata.labels" -> lines(metadata.getLabels());
            case "metadata.annotations" -> lines(metadata.getAnnotations());
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "spec.serviceAccountName" ->
                Objects.requireNonNullElse(pod.getSpec().getServiceAccountName(), "");
            case "status.hostIP" -> first(hostAddresses);
            case "status.hostIPs" -> String.join(",", hostAddresses);
            case "status.podIP" -> first(addresses);
            case "status.podIPs" -> String.join(",", addresses);
            default -> subscript(path);
        };
    }

    private static String first(List<String> list) {
        return list.isEmpty() ? "" : list.getFirst();
    }

    private String subscript(String path) {
        boolean label = path.startsWith("metadata.labels['");
        if ((label || path.startsWith("metadata.annotations['")) && path.endsWith("']")) {
            String key = path.substring(path.indexOf('\'') + 1, path.length() - 2);
            Map<String, String> map =
                    label ? pod.getMetadata().getLabels() : pod.getMetadata().getAnnotations();
            return map == null ? "" : map.getOrDefault(key, "");
        }
        throw new IllegalArgumentException("unsupported fieldPath: " + path);
    }

    private static String lines(@Nullable Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        if (map != null) {
            new TreeMap<>(map)
                    .forEach((key, value) -> lines.append(lines.isEmpty() ? "" : "\n")
                            .append(key)
                            .append("=\"")
                            .append(value.replace("\\", "\\\\")
                                    .replace("\"", "\\\"")
                                    .replace("\n", "\\n"))
                            .append('"'));
        }
        return lines.toString();
    }

    /**
     * A request or limit of a container, in units of the divisor, rounded up.
     *
     * @throws IllegalArgumentException when there is no such resource
     */
    public String resource(ResourceFieldSelector selector, String defaultContainer) {
        String name = Objects.requireNonNullElse(selector.getContainerName(), defaultContainer);
        Container container = io.mokube.kubelet.pods.PodContainer.find(pod, name)
                .orElseThrow(() -> new IllegalArgumentException("container " + name + " not found"))
                .spec();
        String path = selector.getResource();
        int dot = path.indexOf('.');
        if (dot < 0) {
            throw new IllegalArgumentException("unsupported resource: " + path);
        }
        String resource = path.substring(dot + 1);
        boolean limit = path.startsWith("limits.");
        ResourceRequirements requirements = container.getResources();
        var amounts = requirements == null ? null : limit ? requirements.getLimits() : requirements.getRequests();
        var amount = amounts == null ? null : amounts.get(resource);
        BigDecimal value;
        if (amount != null) {
            value = Quantity.parse(amount.toString()).amount();
        } else if (limit && resource.equals("cpu")) {
            value = BigDecimal.valueOf(cpuMillis, 3);
        } else if (limit && resource.equals("memory")) {
            value = BigDecimal.valueOf(memoryBytes);
        } else {
            value = BigDecimal.ZERO;
        }
        BigDecimal divisor = selector.getDivisor() == null
                ? BigDecimal.ONE
                : Quantity.parse(selector.getDivisor().toString()).amount();
        if (divisor.signum() == 0) {
            divisor = BigDecimal.ONE;
        }
        return value.divide(divisor, 0, RoundingMode.CEILING).toPlainString();
    }
}
