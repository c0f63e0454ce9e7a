package io.mokube.proxy.policy.compile;

import java.util.List;

/**
 * A chain of rules.
 *
 * @param forwards whether every packet that this machine passes on, but does not send or receive, goes through it;
 *     otherwise other chains lead to it
 */
public record Chain(String name, boolean forwards, List<Step> steps) {

    public Chain {
        steps = List.copyOf(steps);
    }
}
