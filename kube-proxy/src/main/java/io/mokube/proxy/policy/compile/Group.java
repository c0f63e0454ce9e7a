package io.mokube.proxy.policy.compile;

import io.mokube.proxy.policy.model.Direction;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What pods have in common that the same connections are allowed for.
 *
 * @param policies those that isolate them in this direction, by name
 * @param ports the numbers of those of their ports that the policies name; of ingress only, since in egress the peer's count
 */
record Group(Direction direction, List<PolicyFacts> policies, Map<NamedPort, Integer> ports) {

    private static final int LONGEST_NAME = 100;

    /** The name of the chain that decides. */
    String chain() {
        String all = policies.stream().map(each -> each.key().toString()).collect(Collectors.joining("+"));
        Map<String, Integer> named = new TreeMap<>();
        ports.forEach((name, number) -> named.put(name.protocol() + " " + name.name(), number));
        boolean plain = policies.size() == 1 && named.isEmpty() && all.length() <= LONGEST_NAME;
        return Container.isolated(direction) + "/" + (plain ? all : Names.hash(all + named));
    }

    /** The map of the pods that they may have connections with. */
    String peers() {
        return chain() + "/peers";
    }
}
