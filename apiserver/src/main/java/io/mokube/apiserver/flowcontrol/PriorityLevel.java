package io.mokube.apiserver.flowcontrol;

import io.mokube.machinery.object.KubeObject;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * Requests that share a part of the server's seats. Pure.
 *
 * @param uid {@code ""} for one that is not stored yet
 * @param exempt whether its requests never wait and are never refused
 * @param shares its part of all seats, measured against the other levels' shares
 * @param lendablePercent how much of its part others may use while it does not
 * @param borrowingLimitPercent how much more than its part it may use, empty for no limit
 * @param queuing where its requests wait when its seats are taken; empty to refuse them at once
 */
record PriorityLevel(
        String name,
        String uid,
        boolean exempt,
        int shares,
        int lendablePercent,
        OptionalInt borrowingLimitPercent,
        Optional<Queuing> queuing) {

    /**
     * Fair queues.
     *
     * @param queues how many
     * @param handSize how many of them a flow may use: it takes the shortest of its hand
     * @param lengthLimit how many requests one queue holds
     */
    record Queuing(int queues, int handSize, int lengthLimit) {}

    static PriorityLevel of(KubeObject object) {
        JsonNode spec = object.at("spec");
        boolean exempt = spec.path("type").asString("").equals("Exempt");
        JsonNode form = spec.path(exempt ? "exempt" : "limited");
        JsonNode queuing = form.path("limitResponse").path("queuing");
        return new PriorityLevel(
                object.name(),
                object.uid(),
                exempt,
                Math.max(0, form.path("nominalConcurrencyShares").asInt(exempt ? 0 : 30)),
                Math.clamp(form.path("lendablePercent").asInt(0), 0, 100),
                form.path("borrowingLimitPercent").isNumber()
                        ? OptionalInt.of(
                                Math.max(0, form.path("borrowingLimitPercent").asInt()))
                        : OptionalInt.empty(),
                queuing.isObject()
                        ? Optional.of(new Queuing(
                                Math.max(1, queuing.path("queues").asInt(64)),
                                Math.max(1, queuing.path("handSize").asInt(8)),
                                Math.max(1, queuing.path("queueLengthLimit").asInt(50))))
                        : Optional.empty());
    }
}
