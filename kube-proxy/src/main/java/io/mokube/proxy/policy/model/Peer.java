package io.mokube.proxy.policy.model;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** With whom a policy allows connections. */
public sealed interface Peer {

    /**
     * Pods.
     *
     * @param namespaces the namespaces they are in; nothing for the policy's own
     */
    record Pods(Optional<LabelSelector> namespaces, LabelSelector pods) implements Peer {

        /**
         * Whether pods with these labels are meant.
         *
         * @param home the policy's namespace
         * @param namespaceLabels the labels of the pods' namespace
         */
        public boolean matches(String home, AlikePods.Shape shape, Map<String, String> namespaceLabels) {
            return namespaces
                            .map(selector -> selector.matches(namespaceLabels))
                            .orElseGet(() -> shape.namespace().equals(home))
                    && pods.matches(shape.labels());
        }
    }

    /** A range of addresses but for some ranges within. */
    record Block(Cidr range, List<Cidr> except) implements Peer {

        public Block {
            except = List.copyOf(except);
        }

        public boolean contains(IpAddress address) {
            return range.contains(address) && except.stream().noneMatch(each -> each.contains(address));
        }
    }
}
