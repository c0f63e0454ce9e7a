package io.mokube.apiserver.admission.plugins;

import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import io.mokube.machinery.quota.Amounts.Amount;
import io.mokube.machinery.quota.PodResources;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * One entry of a limit range against what is requested and limited. Pure.
 *
 * @param type what the entry bounds, for messages
 */
record LimitBounds(String type, Amounts min, Amounts max, Amounts ratio) {

    private static LimitBounds of(JsonNode limit) {
        return new LimitBounds(
                limit.path("type").asString(""),
                Amounts.of(limit.path("min")),
                Amounts.of(limit.path("max")),
                Amounts.of(limit.path("maxLimitRequestRatio")));
    }

    /** What each container of a pod breaks. */
    static List<String> ofContainers(JsonNode limit, KubeObject pod) {
        LimitBounds bounds = of(limit);
        List<String> broken = new ArrayList<>();
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.at("spec", list)) {
                JsonNode resources = container.path("resources");
                bounds.check(Amounts.of(resources.path("requests")), Amounts.of(resources.path("limits")), broken);
            }
        }
        return broken;
    }

    /** What a pod breaks as a whole. */
    static List<String> ofPod(JsonNode limit, KubeObject pod) {
        List<String> broken = new ArrayList<>();
        of(limit).check(PodResources.REQUESTS.asked(pod), PodResources.LIMITS.asked(pod), broken);
        return broken;
    }

    /** What a volume claim breaks, which has requests alone. */
    static List<String> ofClaim(JsonNode limit, KubeObject claim) {
        LimitBounds bounds = of(limit);
        Amounts requests = Amounts.of(claim.at("spec", "resources", "requests"));
        List<String> broken = new ArrayList<>();
        bounds.checkMin(requests, Amounts.NONE, broken);
        for (String name : bounds.max.names()) {
            if (!requests.has(name)) {
                broken.add(bounds.maximum(name) + ".  No request is specified");
            } else if (isMore(requests, bounds.max, name)) {
                broken.add(bounds.maximum(name) + ", but request is " + requests.get(name));
            }
        }
        return broken;
    }

    private void check(Amounts requests, Amounts limits, List<String> broken) {
        checkMin(requests, limits, broken);
        for (String name : max.names()) {
            if (!limits.has(name)) {
                broken.add(maximum(name) + ".  No limit is specified");
            } else if (isMore(limits, max, name)) {
                broken.add(maximum(name) + ", but limit is " + limits.get(name));
            } else if (isMore(requests, max, name)) {
                broken.add(maximum(name) + ", but request is " + requests.get(name));
            }
        }
        for (String name : ratio.names()) {
            checkRatio(name, requests.get(name), limits.get(name), broken);
        }
    }

    private void checkMin(Amounts requests, Amounts limits, List<String> broken) {
        for (String name : min.names()) {
            String minimum = "minimum " + name + " usage per " + type + " is " + min.get(name);
            if (!requests.has(name)) {
                broken.add(minimum + ".  No request is specified");
            } else if (isMore(min, requests, name)) {
                broken.add(minimum + ", but request is " + requests.get(name));
            } else if (limits.has(name) && isMore(min, limits, name)) {
                broken.add(minimum + ", but limit is " + limits.get(name));
            }
        }
    }

    private void checkRatio(String name, Amount request, Amount limit, List<String> broken) {
        String most = name + " max limit to request ratio per " + type + " is " + ratio.get(name);
        if (request.value().signum() == 0) {
            broken.add(most + ", but no request is specified or request is 0");
        } else if (limit.value().signum() == 0) {
            broken.add(most + ", but no limit is specified or limit is 0");
        } else if (limit.value()
                        .compareTo(request.value().multiply(ratio.get(name).value()))
                > 0) {
            double provided = limit.value().doubleValue() / request.value().doubleValue();
            broken.add(most + ", but provided ratio is " + String.format(Locale.ROOT, "%f", provided));
        }
    }

    private String maximum(String name) {
        return "maximum " + name + " usage per " + type + " is " + max.get(name);
    }

    private static boolean isMore(Amounts amounts, Amounts than, String name) {
        return amounts.get(name).compareTo(than.get(name)) > 0;
    }
}
