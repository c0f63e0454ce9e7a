package io.mokube.proxy.apply.hollow;

import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.apply.RuleApplier;
import io.mokube.proxy.compile.RuleSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps the rules and does nothing with them. */
public final class HollowApplier implements RuleApplier {

    private volatile @Nullable RuleSet applied;

    /** The rules applied last, null before that and after they were removed. */
    public @Nullable RuleSet applied() {
        return applied;
    }

    @Override
    public void apply(@Nullable RuleSet before, RuleSet after) {
        applied = after;
    }

    @Override
    public boolean isInPlace() {
        return applied != null;
    }

    @Override
    public void endStaleConnections(RuleSet rules) {}

    @Override
    public List<IpAddress> addresses() {
        return List.of();
    }

    @Override
    public void remove() {
        applied = null;
    }
}
