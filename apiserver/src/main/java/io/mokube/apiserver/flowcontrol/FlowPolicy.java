package io.mokube.apiserver.flowcontrol;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All flow schemas and priority levels at one moment. A schema whose level is not there is left out; what nobody else
 * matches belongs to the last of the defaults. Pure.
 */
final class FlowPolicy {

    private final List<FlowSchema> schemas;
    private final Map<String, PriorityLevel> levels = new TreeMap<>();
    private final FlowSchema last;

    /** A request's place. */
    record Place(FlowSchema schema, PriorityLevel level, String flow) {}

    /** @param defaults of which those that must be there stand in for what is missing */
    FlowPolicy(Collection<FlowSchema> stored, Collection<PriorityLevel> storedLevels, DefaultFlows defaults) {
        defaults.mandatoryLevels().forEach(level -> levels.put(level.name(), level));
        storedLevels.forEach(level -> levels.put(level.name(), level));
        Map<String, FlowSchema> byName = new TreeMap<>();
        defaults.mandatorySchemas().forEach(schema -> byName.put(schema.name(), schema));
        stored.forEach(schema -> byName.put(schema.name(), schema));
        schemas = byName.values().stream()
                .filter(schema -> levels.containsKey(schema.priorityLevel()))
                .sorted()
                .toList();
        last = schemas.getLast();
    }

    Collection<PriorityLevel> levels() {
        return levels.values();
    }

    Place placeOf(User user, Attributes asked) {
        for (FlowSchema schema : schemas) {
            if (schema.matches(user, asked)) {
                return place(schema, user, asked);
            }
        }
        return place(last, user, asked);
    }

    private Place place(FlowSchema schema, User user, Attributes asked) {
        PriorityLevel level = levels.get(schema.priorityLevel());
        if (level == null) {
            throw new IllegalStateException(schema.name() + " was left in without its level");
        }
        return new Place(schema, level, schema.flowOf(user, asked));
    }
}
