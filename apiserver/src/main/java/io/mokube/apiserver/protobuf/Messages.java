package io.mokube.apiserver.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.kubernetes.client.proto.IntStr;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Resource;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Admissionregistration;
import io.kubernetes.client.proto.V1Apiextensions;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Autoscaling;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Certificates;
import io.kubernetes.client.proto.V1Coordination;
import io.kubernetes.client.proto.V1Discovery;
import io.kubernetes.client.proto.V1Events;
import io.kubernetes.client.proto.V1Flowcontrol;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Node;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1Resource;
import io.kubernetes.client.proto.V1Scheduling;
import io.kubernetes.client.proto.V1Storage;
import io.kubernetes.client.proto.V2Autoscaling;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The protobuf messages of the served group versions, by the names of the definitions they are the wire form of. */
final class Messages {

    private static final List<FileDescriptor> FILES = List.of(
            Meta.getDescriptor(),
            Runtime.getDescriptor(),
            Resource.getDescriptor(),
            IntStr.getDescriptor(),
            V1.getDescriptor(),
            V1Admissionregistration.getDescriptor(),
            V1Apiextensions.getDescriptor(),
            V1Apps.getDescriptor(),
            V1Authentication.getDescriptor(),
            V1Authorization.getDescriptor(),
            V1Autoscaling.getDescriptor(),
            V2Autoscaling.getDescriptor(),
            V1Batch.getDescriptor(),
            V1Certificates.getDescriptor(),
            V1Coordination.getDescriptor(),
            V1Discovery.getDescriptor(),
            V1Events.getDescriptor(),
            V1Flowcontrol.getDescriptor(),
            V1Networking.getDescriptor(),
            V1Node.getDescriptor(),
            V1Policy.getDescriptor(),
            V1Rbac.getDescriptor(),
            V1Resource.getDescriptor(),
            V1Scheduling.getDescriptor(),
            V1Storage.getDescriptor());

    private static final Map<String, Descriptor> BY_DEFINITION = new HashMap<>();

    static {
        for (FileDescriptor file : FILES) {
            for (Descriptor message : file.getMessageTypes()) {
                BY_DEFINITION.put(definitionName(message), message);
            }
        }
    }

    private Messages() {}

    /** The message of a kind; options and the like belong to every group version. */
    static Optional<Descriptor> find(GroupVersionKind kind) {
        Descriptor own = BY_DEFINITION.get(BuiltInSchemas.definitionName(kind));
        return Optional.ofNullable(
                own != null ? own : BY_DEFINITION.get(BuiltInSchemas.metaPackage() + "." + kind.kind()));
    }

    /** The message that a definition travels as. */
    static Optional<Descriptor> find(String definitionName) {
        return Optional.ofNullable(BY_DEFINITION.get(definitionName));
    }

    /** {@code k8s.io.api.core.v1.Pod} is the wire form of {@code io.k8s.api.core.v1.Pod}. */
    static String definitionName(Descriptor message) {
        return "io.k8s" + message.getFullName().substring("k8s.io".length()).replace('_', '-');
    }
}
