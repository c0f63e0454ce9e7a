package io.mokube.machinery.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts.Amount;
import java.time.Instant;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Services count for one, load balancers once more, and so do the ports they take on nodes. */
enum ServiceEvaluator implements Evaluator {
    INSTANCE;

    private static final String COUNT = CountEvaluator.countName(new GroupResource("", "services"));
    private static final String NODE_PORTS = "services.nodeports";
    private static final String LOAD_BALANCERS = "services.loadbalancers";
    private static final Set<String> MEASURED = Set.of(COUNT, "services", NODE_PORTS, LOAD_BALANCERS);

    @Override
    public boolean measures(String name) {
        return MEASURED.contains(name);
    }

    @Override
    public Amounts usage(KubeObject service, Instant now) {
        String type = service.at("spec", "type").asString("");
        boolean balanced = type.equals("LoadBalancer");
        return Amounts.zero(MEASURED)
                .with(COUNT, Amount.ONE)
                .with("services", Amount.ONE)
                .with(LOAD_BALANCERS, Amount.of(balanced ? 1 : 0))
                .with(NODE_PORTS, Amount.of(balanced || type.equals("NodePort") ? nodePorts(service, balanced) : 0));
    }

    private static long nodePorts(KubeObject service, boolean balanced) {
        JsonNode ports = service.at("spec", "ports");
        if (!balanced || service.at("spec", "allocateLoadBalancerNodePorts").asBoolean(true)) {
            return ports.size();
        }
        long explicit = 0;
        for (JsonNode port : ports) {
            explicit += port.path("nodePort").asInt(0) == 0 ? 0 : 1;
        }
        return explicit;
    }

    @Override
    public boolean isWithin(QuotaScope scope, KubeObject object) {
        return false;
    }

    @Override
    public boolean growsBy(String subresource, KubeObject object, KubeObject old) {
        return subresource.isEmpty();
    }
}
