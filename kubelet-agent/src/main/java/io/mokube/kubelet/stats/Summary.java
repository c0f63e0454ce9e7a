package io.mokube.kubelet.stats;

import io.mokube.kubelet.runtime.Usage;
import io.mokube.kubelet.stats.Measurement.ContainerUsage;
import io.mokube.kubelet.stats.Measurement.PodUsage;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.object.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A measurement as {@code /stats/summary} shows it: processor and memory of the node, its pods and their containers. */
final class Summary {

    private Summary() {}

    /**
     * @param before an earlier measurement to take rates from, null while there is none
     * @param volumes how full those of a pod are, by its UID
     */
    static ObjectNode write(
            String node,
            Instant startedAt,
            Measurement now,
            @Nullable Measurement before,
            Function<String, List<VolumeUsage>> volumes) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        ObjectNode ofNode = root.putObject("node");
        ofNode.put("nodeName", node);
        ofNode.put("startTime", time(startedAt));
        usage(ofNode, now.node(), Optional.ofNullable(before).map(Measurement::node));
        ArrayNode pods = root.putArray("pods");
        for (PodUsage pod : now.pods()) {
            Optional<PodUsage> earlier = Optional.ofNullable(before).flatMap(each -> each.pod(pod.uid()));
            ObjectNode ofPod = pods.addObject();
            ofPod.putObject("podRef")
                    .put("name", pod.name())
                    .put("namespace", pod.namespace())
                    .put("uid", pod.uid());
            ofPod.put("startTime", time(pod.startedAt()));
            ArrayNode containers = ofPod.putArray("containers");
            for (ContainerUsage container : pod.containers()) {
                ObjectNode ofContainer = containers.addObject();
                ofContainer.put("name", container.name());
                ofContainer.put("startTime", time(container.startedAt()));
                usage(
                        ofContainer,
                        container.usage(),
                        earlier.flatMap(each -> each.container(container.id())).map(ContainerUsage::usage));
                ofContainer
                        .putObject("rootfs")
                        .put("time", time(container.usage().at()))
                        .put("usedBytes", container.writableBytes());
            }
            usage(ofPod, pod.total(), earlier.map(PodUsage::total));
            volumes(ofPod, volumes.apply(pod.uid()), now.node().at());
        }
        return root;
    }

    private static void volumes(ObjectNode pod, List<VolumeUsage> volumes, Instant at) {
        if (volumes.isEmpty()) {
            return;
        }
        ArrayNode list = pod.putArray("volume");
        for (VolumeUsage volume : volumes) {
            ObjectNode each = list.addObject();
            each.put("time", time(at));
            volume.bytes().available().ifPresent(bytes -> each.put("availableBytes", bytes));
            volume.bytes().total().ifPresent(bytes -> each.put("capacityBytes", bytes));
            volume.bytes().used().ifPresent(bytes -> each.put("usedBytes", bytes));
            volume.inodes().available().ifPresent(count -> each.put("inodesFree", count));
            volume.inodes().total().ifPresent(count -> each.put("inodes", count));
            volume.inodes().used().ifPresent(count -> each.put("inodesUsed", count));
            each.put("name", volume.name());
            volume.claim()
                    .ifPresent(claim ->
                            each.putObject("pvcRef").put("name", claim.name()).put("namespace", claim.namespace()));
        }
    }

    private static void usage(ObjectNode parent, Usage usage, Optional<Usage> earlier) {
        ObjectNode cpu = parent.putObject("cpu");
        cpu.put("time", time(usage.at()));
        earlier.flatMap(each -> nanoCores(each, usage)).ifPresent(rate -> cpu.put("usageNanoCores", rate));
        cpu.put("usageCoreNanoSeconds", usage.cpuNanos());
        parent.putObject("memory")
                .put("time", time(usage.at()))
                .put("usageBytes", usage.memoryBytes())
                .put("workingSetBytes", usage.workingSetBytes())
                .put("rssBytes", usage.rssBytes());
    }

    /** A container that ended takes its time with it, so that a pod's sum may fall. */
    private static Optional<Long> nanoCores(Usage earlier, Usage now) {
        long passed = Duration.between(earlier.at(), now.at()).toNanos();
        long used = now.cpuNanos() - earlier.cpuNanos();
        return passed <= 0 || used < 0
                ? Optional.empty()
                : Optional.of(BigDecimal.valueOf(used)
                        .multiply(BigDecimal.valueOf(1_000_000_000))
                        .divide(BigDecimal.valueOf(passed), RoundingMode.HALF_UP)
                        .longValue());
    }

    private static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
