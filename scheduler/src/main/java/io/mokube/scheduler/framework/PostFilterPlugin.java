package io.mokube.scheduler.framework;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

        /** Whether the answer depends on no other node than the one asked about. */
        default boolean local() {
            return false;
        }

        /** What extenders leave of the ways to make room, by the nodes' names. */
        default Map<String, Victims> reviewed(Map<String, Victims> victims) {
            return victims;
        }
    }

    /**
     * Who would have to go from a node.
     *
     * @param brokenBudgets how many of them their disruption budgets protect
     */
    record Victims(List<PodInfo> pods, int brokenBudgets) {

        public Victims {
            pods = List.copyOf(pods);
        }
    }

    /** What can be done for a pod that fits nowhere. */
    sealed interface Remedy {

        /**
         * Nothing now.
         *
         * @param message goes behind the reasons
         * @param hopeless whether room kept for the pod on a node, if any, is no use and is given up
         * @param takeBack a claim that has to give its devices back, because it keeps the pod from nodes and nobody uses it
         */
        record None(String message, boolean hopeless, Optional<ObjectKey> takeBack) implements Remedy {

            /** Nothing at all. */
            public None(String message, boolean hopeless) {
                this(message, hopeless, Optional.empty());
            }
        }

        /** The pod will fit on the node once these pods are gone, least important last. */
        record Evict(String node, List<PodInfo> victims) implements Remedy {

            public Evict {
                victims = List.copyOf(victims);
            }
        }
    }
}
