package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.Explanation.PluginScore;
import java.util.List;
import java.util.Map;

/**
 * What extenders said when a decision was made.
 *
 * @param objections to nodes to which plugins did not object, by the nodes' names
 * @param scores of nodes, by their names
 */
public record Heard(Map<String, Verdict.Unfit> objections, Map<String, List<PluginScore>> scores) {

    public static final Heard NOTHING = new Heard(Map.of(), Map.of());

    public Heard {
        objections = Map.copyOf(objections);
        scores = Map.copyOf(scores);
    }
}
