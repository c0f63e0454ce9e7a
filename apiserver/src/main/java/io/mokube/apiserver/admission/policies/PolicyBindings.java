package io.mokube.apiserver.admission.policies;

import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.SortedObjects;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The policies that are put to use, with their bindings, in the order of the bindings' names. */
public final class PolicyBindings {

    private static final Logger log = LoggerFactory.getLogger(PolicyBindings.class);
    private static final String GROUP = "admissionregistration.k8s.io";

    private final Map<String, Stored> policies = new TreeMap<>();
    private final Map<String, Binding> bindings = new TreeMap<>();
    private volatile List<Bound> all = List.of();

    /** A policy, and what puts it to use. */
    record Bound(Stored policy, Binding binding) {}

    /** A stored policy, whose expressions are made ready when it is first asked: that takes a while. */
    static final class Stored {

        private final KubeObject object;
        private @Nullable Policy ready;

        Stored(KubeObject object) {
            this.object = object;
        }

        synchronized Policy ready() {
            Policy known = ready;
            if (known == null) {
                known = Policy.of(object);
                ready = known;
            }
            return known;
        }
    }

    private PolicyBindings() {}

    /** Follows policies that judge, and their bindings. */
    public static PolicyBindings validating(WatchCache cache) {
        return follow(cache, "validatingadmissionpolicies", "validatingadmissionpolicybindings");
    }

    /** Follows policies that change, and their bindings. */
    public static PolicyBindings mutating(WatchCache cache) {
        return follow(cache, "mutatingadmissionpolicies", "mutatingadmissionpolicybindings");
    }

    private static PolicyBindings follow(WatchCache cache, String policies, String bindings) {
        PolicyBindings known = new PolicyBindings();
        cache.observe(new GroupResource(GROUP, policies), known.new Observer() {
            @Override
            void take(String name, @Nullable KubeObject policy) {
                if (policy == null) {
                    known.policies.remove(name);
                } else {
                    known.policies.put(name, new Stored(policy));
                }
            }

            @Override
            void clear() {
                known.policies.clear();
            }
        });
        cache.observe(new GroupResource(GROUP, bindings), known.new Observer() {
            @Override
            void take(String name, @Nullable KubeObject binding) {
                if (binding == null) {
                    known.bindings.remove(name);
                } else {
                    known.put(name, binding);
                }
            }

            @Override
            void clear() {
                known.bindings.clear();
            }
        });
        return known;
    }

    private void put(String name, KubeObject binding) {
        try {
            bindings.put(name, Binding.of(binding));
        } catch (IllegalArgumentException e) {
            bindings.remove(name);
            log.atWarn()
                    .setMessage("a policy binding can't be understood and is left out")
                    .addKeyValue("binding", name)
                    .setCause(e)
                    .log();
        }
    }

    List<Bound> all() {
        return all;
    }

    private abstract class Observer implements CacheObserver {

        abstract void take(String name, @Nullable KubeObject object);

        abstract void clear();

        @Override
        public void reset(SortedObjects objects) {
            synchronized (PolicyBindings.this) {
                clear();
                objects.scan("", object -> {
                    take(object.key(), object.object().parse());
                    return true;
                });
                publish();
            }
        }

        @Override
        public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
            synchronized (PolicyBindings.this) {
                if (after != null) {
                    take(after.key(), after.object().parse());
                } else if (before != null) {
                    take(before.key(), null);
                }
                publish();
            }
        }

        private void publish() {
            List<Bound> bound = new ArrayList<>();
            for (Binding binding : bindings.values()) {
                Stored policy = policies.get(binding.policy());
                if (policy != null) {
                    bound.add(new Bound(policy, binding));
                }
            }
            all = List.copyOf(bound);
        }
    }
}
