package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The structures that objects of a built-in kind always have, because Kubernetes' types hold them by value: who sets the
 * first field in one owns that field but not the structure. Everything else comes with its first field.
 */
public final class Structures {

    /** The types that are held by value wherever they stand, but for those in {@link #POINTERS}. */
    private static final Set<String> VALUES = Set.of(
            "DaemonSetUpdateStrategy",
            "DeploymentStrategy",
            "JobSpec",
            "JobTemplateSpec",
            "ObjectMeta",
            "PodSpec",
            "PodTemplateSpec",
            "StatefulSetUpdateStrategy",
            "VolumeResourceRequirements");

    private static final Set<String> POINTERS = Set.of("io.k8s.api.core.v1.ReplicationControllerSpec");

    private static final Set<String> TOP = Set.of("f:spec", "f:status");

    private static final Map<GroupVersionKind, FieldSet> KNOWN = new ConcurrentHashMap<>();

    private Structures() {}

    /** The paths of a kind's structures, none for a custom kind. */
    public static FieldSet of(GroupVersionKind kind) {
        return KNOWN.computeIfAbsent(kind, Structures::find);
    }

    private static FieldSet find(GroupVersionKind kind) {
        String name = BuiltInSchemas.definitionName(kind);
        FieldSet.Builder structures = new FieldSet.Builder();
        BuiltInSchemas.lean().find(name).ifPresent(schema -> collect(schema, name, new ArrayList<>(), structures));
        return structures.build();
    }

    private static void collect(Schema schema, String name, List<String> path, FieldSet.Builder structures) {
        if (!(schema.resolved() instanceof Schema.ObjectSchema object) || POINTERS.contains(name)) {
            return;
        }
        object.properties().forEach((field, property) -> {
            path.add(PathElement.field(field));
            boolean isTop = path.size() == 1 && TOP.contains(path.getFirst());
            if (property instanceof Schema.Reference reference
                    && (isTop || VALUES.contains(simple(reference.name())))) {
                structures.add(path);
                collect(reference, reference.name(), path, structures);
            } else if (field.equals("containers") && simple(name).equals("PodSpec")) {
                // Written even when there are none.
                structures.add(path);
            }
            path.removeLast();
        });
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
