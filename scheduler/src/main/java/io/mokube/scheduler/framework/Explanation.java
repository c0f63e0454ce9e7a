package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;

/**
 * Why a decision came out as it did: what every plugin said of every node.
 *
 * @param nodes the chosen one first, then those that fit, best first, then the others by name
 */
public record Explanation(PodInfo pod, Decision decision, List<NodeAnswer> nodes) {

    public Explanation {
        nodes = List.copyOf(nodes);
    }

    /** The same after the pod was turned away from the node that was chosen. */
    public Explanation refused(Verdict.Unfit objection) {
        return new Explanation(
                pod,
                decision,
                nodes.stream()
                        .map(answer -> answer.standing() == Standing.CHOSEN
                                ? new NodeAnswer(
                                        answer.node(),
                                        Standing.REFUSED,
                                        List.of(objection),
                                        answer.scores(),
                                        answer.total())
                                : answer)
                        .toList());
    }

    /** Where a node ended up. */
    public enum Standing {
        CHOSEN("Chosen"),
        /** It was chosen, and afterwards a plugin did not let the pod go there. */
        REFUSED("Refused"),
        /** It fits, and another one was better, or as good. */
        FITS("Fits"),
        /** It would fit; enough nodes that fit had been found before it was its turn. */
        NOT_ASKED("NotAsked"),
        UNFIT("Unfit");

        private final String label;

        Standing(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /**
     * One node.
     *
     * @param objections of all plugins that have something against it, in the order they are asked; the decision itself
     *     went no further than the first
     * @param scores of all plugins that rated it; empty when it was not compared with others
     * @param total what the scores add up to with their weights
     */
    public record NodeAnswer(
            String node, Standing standing, List<Verdict.Unfit> objections, List<PluginScore> scores, long total) {

        public NodeAnswer {
            objections = List.copyOf(objections);
            scores = List.copyOf(scores);
        }
    }

    /** How one plugin rated a node, from 0 to 100, and how much that counts. */
    public record PluginScore(String plugin, long score, int weight) {}
}
