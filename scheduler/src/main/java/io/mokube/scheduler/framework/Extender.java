package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.PostFilterPlugin.Victims;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import java.util.Map;

/**
 * Somebody outside of this program who has a say in decisions, after the plugins. Its answers are part of what is decided on:
 * they are kept with the decision ({@link Heard}), and nobody is asked again to explain it.
 */
public interface Extender {

    /** What it is called in messages and explanations. */
    String name();

    /** Whether decisions go on without it while it fails. */
    boolean ignorable();

    /** Whether it has anything to do with a pod. */
    boolean concerns(PodInfo pod);

    /** How much its scores count; 0 when it gives none. */
    int weight();

    /** Whether it binds the pods that concern it. */
    boolean binds();

    /** Whether it has a say in who is taken away. */
    boolean preempts();

    /**
     * What it has against these nodes.
     *
     * @return the nodes it objects to, by name
     * @throws FailedException when it gives no answer
     */
    Map<String, Verdict.Unfit> filter(PodInfo pod, List<NodeInfo> nodes);

    /**
     * How it rates these nodes, from 0 to 100, by name; nodes that are missing have 0.
     *
     * @throws FailedException when it gives no answer
     */
    Map<String, Long> score(PodInfo pod, List<NodeInfo> nodes);

    /**
     * Which of these ways to make room remain, by the nodes' names, and perhaps with other victims.
     *
     * @param nodes as they are now, with the victims
     * @throws FailedException when it gives no answer
     */
    Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> victims, Map<String, NodeInfo> nodes);

    /**
     * Binds a pod to a node.
     *
     * @throws FailedException when it does not, or it is not known whether it did
     */
    void bind(PodInfo pod, String node);

    /** It gave no answer, or refused to do something. The message is for the user. */
    final class FailedException extends RuntimeException {
        public FailedException(String message) {
            super(message, null, false, false);
        }
    }
}
