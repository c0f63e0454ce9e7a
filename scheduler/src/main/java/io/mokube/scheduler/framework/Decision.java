package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import java.util.Set;

/** Where a pod goes, or why it goes nowhere. */
public sealed interface Decision {

    /** How many nodes were asked; the next search begins after them. */
    int evaluated();

    /** What extenders said. */
    Heard heard();

    /**
     * The pod goes to a node.
     *
     * @param feasible how many of the nodes asked fit
     */
    record Place(String node, int evaluated, int feasible, Heard heard) implements Decision {

        /** Without extenders. */
        public Place(String node, int evaluated, int feasible) {
            this(node, evaluated, feasible, Heard.NOTHING);
        }
    }

    /**
     * No node fits.
     *
     * @param message in the words users know
     * @param plugins the plugins that ruled nodes out; what they are unblocked by is worth another try
     * @param remedy what can be done about it
     */
    record NoFit(String message, Set<String> plugins, Remedy remedy, int evaluated, Heard heard) implements Decision {

        /** Without extenders. */
        public NoFit(String message, Set<String> plugins, Remedy remedy, int evaluated) {
            this(message, plugins, remedy, evaluated, Heard.NOTHING);
        }
    }
}
