package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.CpuStatsConfig;
import com.github.dockerjava.api.model.MemoryStatsConfig;
import com.github.dockerjava.api.model.Statistics;
import com.github.dockerjava.api.model.StatsConfig;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.Usage;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what Docker measured of a container. Pure. */
final class DockerStats {

    private DockerStats() {}

    /** What a running container uses; empty for what Docker could not measure. */
    static Optional<ContainerStats> of(Container container, @Nullable Statistics measured) {
        @Nullable CpuStatsConfig cpu = measured == null ? null : measured.getCpuStats();
        @Nullable MemoryStatsConfig memory = measured == null ? null : measured.getMemoryStats();
        if (measured == null
                || cpu == null
                || cpu.getCpuUsage() == null
                || memory == null
                || memory.getUsage() == null) {
            return Optional.empty();
        }
        @Nullable StatsConfig details = memory.getStats();
        long used = memory.getUsage();
        // Control groups of the second version count for the group alone, those of the first in "total" fields.
        long inactive = details == null ? 0 : first(details.getTotalInactiveFile(), details.getInactiveFile());
        long rss = details == null ? 0 : first(details.getTotalRss(), details.getRss());
        Usage usage = new Usage(
                Instant.parse(measured.getRead()),
                first(cpu.getCpuUsage().getTotalUsage(), null),
                Math.max(0, used - inactive),
                used,
                rss);
        return Optional.of(new ContainerStats(container.getId(), usage, first(container.getSizeRw(), null), 0));
    }

    private static long first(@Nullable Long preferred, @Nullable Long otherwise) {
        if (preferred != null) {
            return preferred;
        }
        return otherwise == null ? 0 : otherwise;
    }
}
