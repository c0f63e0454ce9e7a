package io.mokube.apiserver.admission.match;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.resources.ServedVersion;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.apiserver.validation.ObjectRules;
import io.mokube.apiserver.validation.StrictDecoder;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.function.BiFunction;
import tools.jackson.databind.node.ObjectNode;

/** Changes a write in a version of its object that somebody knows, and completes what he left open. */
public final class Amendment {

    private Amendment() {}

    /**
     * Changes the object of a write in place.
     *
     * @param version in which the change is made
     * @param change given a tree of its own to change and the version; yields the changed tree
     * @return whether that made a difference
     */
    public static boolean make(
            AdmissionRequest request,
            KubeObject object,
            String version,
            BiFunction<ObjectNode, ServedVersion, ObjectNode> change) {
        String before = object.groupVersionKind().version();
        KubeObject copy = object.deepCopy();
        Description.convert(request.resource(), copy, version);
        ServedVersion served = request.resource().version(version).orElseThrow();
        ObjectNode root = change.apply(copy.root(), served);
        GroupVersionKind kind = new GroupVersionKind(
                request.resource().group(), version, request.resource().kind());
        KubeObject changed = StrictDecoder.decodePatched(
                        root.deepCopy(), List.of(), kind, served.schema().get(), FieldValidation.IGNORE)
                .object();
        Description.convert(request.resource(), changed, before);
        ObjectRules.applyDefaults(request.resource(), changed);
        boolean differs = !changed.root().equals(object.root());
        object.root().removeAll();
        object.root().setAll(changed.root());
        return differs;
    }
}
