package io.mokube.machinery.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * Each object counts for one.
 *
 * @param resource what is counted
 */
record CountEvaluator(GroupResource resource) implements Evaluator {

    private static final String PREFIX = "count/";

    /** Those that have been counted by their plain names since before there was a name for every resource. */
    private static final Set<String> PLAIN =
            Set.of("configmaps", "replicationcontrollers", "resourcequotas", "secrets");

    /** The name by which a quota limits how many objects of a resource there are. */
    static String countName(GroupResource resource) {
        return PREFIX + resource;
    }

    /** The resource whose objects a quota counts under a name; empty for names of anything else. */
    static Optional<GroupResource> counted(String name) {
        if (PLAIN.contains(name)) {
            return Optional.of(new GroupResource("", name));
        }
        if (!name.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String resource = name.substring(PREFIX.length());
        int dot = resource.indexOf('.');
        return Optional.of(
                dot < 0
                        ? new GroupResource("", resource)
                        : new GroupResource(resource.substring(dot + 1), resource.substring(0, dot)));
    }

    @Override
    public boolean measures(String name) {
        return counted(name).filter(resource::equals).isPresent();
    }

    @Override
    public Amounts usage(KubeObject object, Instant now) {
        Amounts usage = Amounts.NONE.with(countName(resource), Amounts.Amount.ONE);
        return resource.group().isEmpty() && PLAIN.contains(resource.resource())
                ? usage.with(resource.resource(), Amounts.Amount.ONE)
                : usage;
    }

    @Override
    public boolean isWithin(QuotaScope scope, KubeObject object) {
        return false;
    }

    @Override
    public boolean growsBy(String subresource, KubeObject object, KubeObject old) {
        return false;
    }
}
