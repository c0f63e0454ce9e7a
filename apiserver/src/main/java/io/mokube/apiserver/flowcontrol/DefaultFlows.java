package io.mokube.apiserver.flowcontrol;

import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The flow schemas and priority levels that every cluster begins with, Kubernetes' own, in {@code default-flows.yaml}.
 *
 * @param objects all of them, as they are stored
 */
public record DefaultFlows(List<KubeObject> objects) {

    public static final String GROUP = "flowcontrol.apiserver.k8s.io";

    /** On a default object: whether the server may bring its spec up to date. */
    public static final String AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec";

    private static final Set<String> MANDATORY = Set.of("exempt", "catch-all");
    private static final String FILE = "default-flows.yaml";

    public DefaultFlows {
        objects = List.copyOf(objects);
    }

    /** Reads them. */
    public static DefaultFlows read() {
        YAMLMapper yaml = YAMLMapper.builder().build();
        List<KubeObject> objects = new ArrayList<>();
        try (InputStream file = DefaultFlows.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            try (JsonParser parser = yaml.createParser(file);
                    MappingIterator<ObjectNode> documents =
                            yaml.readerFor(ObjectNode.class).readValues(parser)) {
                while (documents.hasNextValue()) {
                    objects.add(complete(new KubeObject(documents.nextValue())));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new DefaultFlows(objects);
    }

    private static KubeObject complete(KubeObject object) {
        object.root().put("apiVersion", GROUP + "/v1");
        object.metadata().withObjectProperty("annotations").put(AUTO_UPDATE, "true");
        return object;
    }

    /** Whether somebody may not change or remove an object for long. */
    public static boolean isMandatory(KubeObject object) {
        return MANDATORY.contains(object.name());
    }

    List<FlowSchema> mandatorySchemas() {
        return objects.stream()
                .filter(object -> object.kind().equals("FlowSchema") && isMandatory(object))
                .map(FlowSchema::of)
                .toList();
    }

    List<PriorityLevel> mandatoryLevels() {
        return objects.stream()
                .filter(object -> object.kind().equals("PriorityLevelConfiguration") && isMandatory(object))
                .map(PriorityLevel::of)
                .toList();
    }
}
