package io.mokube.scheduler.framework;

import java.util.List;

/** What a filter says of a node. */
public sealed interface Verdict {

    /** The plugin has nothing against the node. */
    Verdict FITS = new Fits();

    /** Nothing against the node. Compare with {@link #FITS}. */
    record Fits() implements Verdict {}

    /**
     * The node is out.
     *
     * @param plugin the name of the plugin that says so
     * @param reasons in the words users know; each is counted by itself
     * @param preemptionMayHelp whether taking pods away from the node could change the verdict
     */
    record Unfit(String plugin, List<String> reasons, boolean preemptionMayHelp) implements Verdict {

        public Unfit {
            reasons = List.copyOf(reasons);
        }
    }
}
