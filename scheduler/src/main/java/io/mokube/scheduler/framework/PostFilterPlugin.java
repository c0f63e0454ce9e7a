package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;

/** Looks for a way out when no node fits ({@code PostFilter}). */
public interface PostFilterPlugin extends Plugin {

    /**
     * Looks for a way out.
     *
     * @param rejected what each node said
     * @param filters asks all filters of the profile about a changed node
     */
    Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters);

    /** Asks all filters about a node that differs from the one in the snapshot. */
    @FunctionalInterface
    interface FilterChain {
        Verdict check(NodeInfo node);
    }

    /** What can be done for a pod that fits nowhere. */
    sealed interface Remedy {

        /**
         * Nothing now.
         *
         * @param message goes behind the reasons
         * @param hopeless whether room kept for the pod on a node, if any, is no use and is given up
         */
        record None(String message, boolean hopeless) implements Remedy {}

        /** The pod will fit on the node once these pods are gone, least important last. */
        record Evict(String node, List<PodInfo> victims) implements Remedy {

            public Evict {
                victims = List.copyOf(victims);
            }
        }
    }
}
