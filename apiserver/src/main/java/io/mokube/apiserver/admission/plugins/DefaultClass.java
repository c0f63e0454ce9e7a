package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.Comparator;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Objects that name no class get the one that is annotated as the default; the youngest should several be.
 */
abstract class DefaultClass implements AdmissionPlugin {

    private final String name;
    private final GroupResource objects;
    private final String field;
    private final String oldAnnotation;
    private final GroupResource classes;
    private final String annotation;
    private final ClusterReader cluster;

    /**
     * @param field of the spec that names the class
     * @param oldAnnotation that named it before there was the field
     * @param annotation that marks the default
     */
    DefaultClass(
            String name,
            GroupResource objects,
            String field,
            String oldAnnotation,
            GroupResource classes,
            String annotation,
            ClusterReader cluster) {
        this.name = name;
        this.objects = objects;
        this.field = field;
        this.oldAnnotation = oldAnnotation;
        this.classes = classes;
        this.annotation = annotation;
        this.cluster = cluster;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void mutate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null
                || request.operation() != Operation.CREATE
                || !request.isFor(objects.group(), objects.resource())
                // An empty name is a name: of no class at all.
                || object.at("spec").has(field)
                || object.annotations().containsKey(oldAnnotation)
                || !(object.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        youngestDefault().ifPresent(found -> spec.put(field, found.name()));
    }

    private Optional<KubeObject> youngestDefault() {
        return cluster.list(classes, "").stream()
                .filter(each -> "true".equals(each.annotations().get(annotation)))
                .max(Comparator.comparing((KubeObject each) ->
                                each.at("metadata", "creationTimestamp").asString(""))
                        .thenComparing(KubeObject::name, Comparator.reverseOrder()));
    }
}
