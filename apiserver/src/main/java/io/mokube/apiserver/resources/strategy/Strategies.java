package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import java.util.Map;

/** The strategies of the built-in resources, in one list. */
public final class Strategies {

    /** For resources with a spec and a status and nothing particular. */
    private static final ResourceStrategy SPEC_STATUS = new SpecStatusStrategy();

    private static final Map<String, ResourceStrategy> BY_RESOURCE = Map.of();

    private Strategies() {}

    /** The strategy of a built-in resource. */
    public static ResourceStrategy forResource(String group, String plural) {
        String key = group.isEmpty() ? plural : plural + "." + group;
        return BY_RESOURCE.getOrDefault(key, SPEC_STATUS);
    }
}
