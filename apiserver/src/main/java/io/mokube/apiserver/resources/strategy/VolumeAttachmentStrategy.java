package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Volume attachments, whose spec never changes. */
final class VolumeAttachmentStrategy extends FrozenStrategy {

    VolumeAttachmentStrategy() {
        super("spec");
    }

    @Override
    public void validateCreate(KubeObject attachment, List<FieldError> errors) {
        JsonNode spec = attachment.at("spec");
        Check.required(spec, "attacher", "spec", errors);
        Check.required(spec, "nodeName", "spec", errors);
        JsonNode source = spec.path("source");
        if (source.isEmpty()) {
            errors.add(FieldError.required(
                    "spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
        } else if (source.size() > 1) {
            errors.add(FieldError.forbidden(
                    "spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
        }
    }
}
