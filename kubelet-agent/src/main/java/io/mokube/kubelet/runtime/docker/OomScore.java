package io.mokube.kubelet.runtime.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How early the kernel may end a process for want of memory. */
final class OomScore {

    /** The number of the capability CAP_SYS_RESOURCE. */
    private static final int SYS_RESOURCE = 24;

    private static final int LEAST = -1000;
    private static final int LOWEST_ALLOWED = lowest();

    private OomScore() {}

    /**
     * The adjustment, or the nearest that this machine allows: where root lacks a capability (in a container, say), a process
     * can't be protected better than those that start it, and a container that shall be does not start at all.
     */
    static int allowed(int adjustment) {
        return Math.max(adjustment, LOWEST_ALLOWED);
    }

    private static int lowest() {
        try {
            List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
            for (String line : status) {
                if (line.startsWith("CapEff:")
                        && (Long.parseUnsignedLong(line.substring(7).strip(), 16) >> SYS_RESOURCE & 1) == 1) {
                    return LEAST;
                }
            }
            return Integer.parseInt(
                    Files.readString(Path.of("/proc/self/oom_score_adj")).strip());
        } catch (IOException e) {
            return 0;
        }
    }
}
