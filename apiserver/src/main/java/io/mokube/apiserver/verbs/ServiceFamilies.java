package io.mokube.apiserver.verbs;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which address families a service has, as Kubernetes decides it: by what it asks for, by the addresses it names, by what it
 * had before and by what the cluster has. Pure.
 */
final class ServiceFamilies {

    private static final String IPV4 = Family.IPV4.apiName();
    private static final String IPV6 = Family.IPV6.apiName();

    private static final String POLICY = "ipFamilyPolicy";
    private static final String FAMILIES = "ipFamilies";
    private static final String ADDRESSES = "clusterIPs";
    private static final String SINGLE = "SingleStack";
    private static final String PREFER = "PreferDualStack";
    private static final String REQUIRE = "RequireDualStack";

    private final KubeObject service;
    private final @Nullable JsonNode before;
    private final List<String> ofCluster;
    private final ObjectNode spec;
    private final List<FieldError> errors = new ArrayList<>();

    private ServiceFamilies(KubeObject service, @Nullable JsonNode before, List<String> ofCluster) {
        this.service = service;
        this.before = before;
        this.ofCluster = ofCluster;
        this.spec = service.root().withObjectProperty("spec");
    }

    /**
     * Fills in {@code ipFamilyPolicy} and {@code ipFamilies}, and takes the second address away from a service that shall
     * have one only. A service that prefers both families and changes nothing about it stays as it is, whatever the cluster
     * has become since.
     *
     * @param old the service before an update, which has a cluster address; null for one that gets its first
     * @param ofCluster the families of which the cluster has ranges, the main one first
     * @throws ApiException 422 when what it asks for can't be
     */
    static void complete(KubeObject service, @Nullable KubeObject old, List<String> ofCluster) {
        new ServiceFamilies(service, old == null ? null : old.at("spec"), ofCluster).complete();
    }

    private void complete() {
        JsonNode known = before;
        if (known != null
                && isPolicy(PREFER)
                && known.path(POLICY).asString("").equals(PREFER)
                && isUnchanged(known, ADDRESSES)
                && isUnchanged(known, FAMILIES)) {
            return;
        }
        boolean unselected = isHeadless() && spec.path("selector").isEmpty();
        if (spec.path(POLICY).asString("").isEmpty()) {
            String policy = known == null ? "" : known.path(POLICY).asString("");
            spec.put(POLICY, !policy.isEmpty() ? policy : unselected ? REQUIRE : SINGLE);
        }
        if (known != null) {
            reduce(known);
        }
        if (isPolicy(SINGLE)) {
            refuseTwo(ADDRESSES, "cluster IPs");
            refuseTwo(FAMILIES, "IP families");
        }
        inferFromAddresses();
        orFail();
        if (!unselected) {
            checkWithCluster();
        }
        ArrayNode families = list(FAMILIES);
        if (families.isEmpty()) {
            families.add(ofCluster.getFirst());
        }
        // Endpoints of a headless service without a selector are somebody else's, who may know both families.
        if (families.size() == 1 && !isPolicy(SINGLE) && (unselected || ofCluster.size() > 1)) {
            families.add(families.path(0).asString("").equals(IPV4) ? IPV6 : IPV4);
        }
    }

    /** To ask for one family is to give the second up; to leave it out while two are asked for is a mistake. */
    private void reduce(JsonNode known) {
        if (isPolicy(SINGLE)) {
            for (String field : List.of(ADDRESSES, FAMILIES)) {
                if (isUnchanged(known, field) && spec.path(field).size() > 1) {
                    String first = spec.path(field).path(0).asString("");
                    spec.putArray(field).add(first);
                }
            }
            return;
        }
        if (isReduced(known, ADDRESSES)) {
            refusePolicy("must be 'SingleStack' to release the secondary cluster IP");
        }
        if (isReduced(known, FAMILIES)) {
            refusePolicy("must be 'SingleStack' to release the secondary IP family");
        }
    }

    private boolean isUnchanged(JsonNode known, String field) {
        return known.path(field).equals(spec.path(field));
    }

    private boolean isReduced(JsonNode known, String field) {
        JsonNode was = known.path(field);
        JsonNode now = spec.path(field);
        return was.size() == 2 && now.size() == 1 && was.path(0).equals(now.path(0));
    }

    private void refuseTwo(String field, String what) {
        if (spec.path(field).size() > 1) {
            refusePolicy("must be 'RequireDualStack' or 'PreferDualStack' when multiple " + what + " are specified");
        }
    }

    private void refusePolicy(String detail) {
        errors.add(FieldError.invalid("spec." + POLICY, spec.path(POLICY).asString(""), detail));
    }

    private void inferFromAddresses() {
        if (isHeadless()) {
            return;
        }
        JsonNode addresses = spec.path(ADDRESSES);
        ArrayNode families = list(FAMILIES);
        for (int i = 0; i < addresses.size(); i++) {
            String address = addresses.path(i).asString("");
            String family = Family.of(address).apiName();
            if (i < families.size()) {
                String expected = families.path(i).asString("");
                if (!expected.equals(family) && IpAddress.parse(address).isPresent()) {
                    errors.add(FieldError.invalid(
                            "spec.clusterIPs[" + i + "]",
                            address,
                            "expected an " + expected + " value as indicated by `ipFamilies[" + i + "]`"));
                }
            } else if (ofCluster.contains(family)) {
                families.add(family);
            } else {
                errors.add(FieldError.invalid(
                        "spec.clusterIPs[" + i + "]", addresses, family + " is not configured on this cluster"));
            }
        }
    }

    private void checkWithCluster() {
        if (isPolicy(REQUIRE) && ofCluster.size() < 2) {
            refusePolicy("this cluster is not configured for dual-stack services");
        }
        JsonNode families = spec.path(FAMILIES);
        for (int i = 0; i < families.size(); i++) {
            String family = families.path(i).asString("");
            if (!ofCluster.contains(family)) {
                errors.add(FieldError.invalid("spec.ipFamilies[" + i + "]", family, "not configured on this cluster"));
            }
        }
        orFail();
    }

    private ArrayNode list(String field) {
        return spec.path(field) instanceof ArrayNode present ? present : spec.putArray(field);
    }

    private boolean isPolicy(String policy) {
        return spec.path(POLICY).asString("").equals(policy);
    }

    private boolean isHeadless() {
        return spec.path("clusterIP").asString("").equals("None");
    }

    private void orFail() {
        if (!errors.isEmpty()) {
            throw ApiException.invalid("", "Service", service.name(), errors);
        }
    }
}
