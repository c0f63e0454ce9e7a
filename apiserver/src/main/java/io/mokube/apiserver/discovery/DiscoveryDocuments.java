package io.mokube.apiserver.discovery;

import io.mokube.apiserver.discovery.OtherGroups.OtherVersion;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All discovery documents of a registry, each written when first asked for and kept until the registry changes. Safe for
 * use by many threads.
 */
public final class DiscoveryDocuments {

    private final ResourceRegistry registry;
    private final OtherGroups others;
    private final GroupMerging merging;
    private final Map<GroupVersion, OfGroup> groupDocuments = new ConcurrentHashMap<>();
    private volatile Kept kept;

    public DiscoveryDocuments(ResourceRegistry registry) {
        this(registry, OtherGroups.NONE);
    }

    /** @param others whose groups stand in the documents beside the registry's, and before those of the same version */
    public DiscoveryDocuments(ResourceRegistry registry, OtherGroups others) {
        this.registry = registry;
        this.merging = new GroupMerging(others);
        this.others = others;
        this.kept = new Kept(registry.generation() + others.generation(), new ConcurrentHashMap<>());
    }

    /** The documents of one generation of the registry. */
    private record Kept(long generation, Map<String, Lazy> documents) {}

    /** A document that the first who wants it writes, while others who want it wait. */
    private static final class Lazy {

        private final Supplier<Document> content;
        private @Nullable Document document;

        Lazy(Supplier<Document> content) {
            this.content = content;
        }

        synchronized Document get() {
            Document written = document;
            if (written == null) {
                written = content.get();
                document = written;
            }
            return written;
        }
    }

    /** The forms of {@code APIGroupDiscoveryList} that clients ask for. */
    public enum AggregatedVersion {
        V2("v2"),
        V2BETA1("v2beta1");

        private final String text;

        AggregatedVersion(String text) {
            this.text = text;
        }

        /** The version as media types and {@code apiVersion} write it. */
        public String text() {
            return text;
        }

        /** The form of this version, or nothing when it isn't served. */
        public static Optional<AggregatedVersion> of(String text) {
            for (AggregatedVersion version : values()) {
                if (version.text.equals(text)) {
                    return Optional.of(version);
                }
            }
            return Optional.empty();
        }
    }

    /** {@code /version}. */
    public Document version() {
        return keep("version", ServerVersion::document);
    }

    /**
     * {@code /api}.
     *
     * @param serverAddress host and port under which the client reached the server
     */
    public Document coreVersions(String serverAddress) {
        return Document.of(ResourceLists.coreVersions(registry, serverAddress));
    }

    /** {@code /apis}. */
    public Document groups() {
        return keep("groups", () -> merging.groups(ResourceLists.groups(registry)));
    }

    /** {@code /apis/<group>}; nothing when the group isn't served. */
    public Optional<Document> group(String group) {
        for (JsonNode each : Json.MAPPER.readTree(groups().body()).path("groups")) {
            if (each.path("name").asString("").equals(group) && each instanceof ObjectNode found) {
                ObjectNode document =
                        Json.MAPPER.createObjectNode().put("kind", "APIGroup").put("apiVersion", "v1");
                return Optional.of(keep("group " + group, () -> document.setAll(found)));
            }
        }
        return Optional.empty();
    }

    /** {@code /api/v1} or {@code /apis/<group>/<version>}; nothing when the group version isn't served. */
    public Optional<Document> resources(GroupVersion groupVersion) {
        return isServed(groupVersion)
                ? Optional.of(keep("resources " + groupVersion, () -> ResourceLists.resources(registry, groupVersion)))
                : Optional.empty();
    }

    /** {@code /api} in its aggregated form: the core group. */
    public Document aggregatedCore(AggregatedVersion version) {
        return keep("aggregated core " + version, () -> AggregatedDiscovery.write(registry, version, true));
    }

    /** {@code /apis} in its aggregated form: every other group. */
    public Document aggregatedGroups(AggregatedVersion version) {
        return keep(
                "aggregated groups " + version,
                () -> merging.aggregated(AggregatedDiscovery.write(registry, version, false)));
    }

    /** {@code /openapi/v2} in JSON. */
    public Document openApiV2() {
        return keep("openapi 2", () -> OpenApiV2.write(registry));
    }

    /** {@code /openapi/v2} in protobuf. */
    public Document openApiV2Protobuf() {
        return keepBytes("openapi 2 protobuf", () -> Document.of(SwaggerProtobuf.write(OpenApiV2.write(registry))));
    }

    /** {@code /openapi/v3}. */
    public Document openApiIndex() {
        return keep("openapi", () -> {
            ObjectNode index = Json.MAPPER.createObjectNode();
            ObjectNode paths = index.putObject("paths");
            for (GroupVersion groupVersion : registry.groupVersions()) {
                paths.putObject(groupVersion.path().substring(1))
                        .put(
                                "serverRelativeURL",
                                openApiPath(groupVersion, openApi(groupVersion).orElseThrow()));
            }
            for (OtherVersion other : others.versions()) {
                String path = other.groupVersion().path().substring(1);
                paths.remove(path);
                other.openApi().ifPresent(address -> paths.putObject(path).put("serverRelativeURL", address));
            }
            return index;
        });
    }

    /** {@code /openapi/v3/api/v1} or {@code /openapi/v3/apis/<group>/<version>}; nothing when it isn't served. */
    public Optional<Document> openApi(GroupVersion groupVersion) {
        List<Served> content = registry.inGroupVersion(groupVersion);
        if (content.isEmpty()) {
            groupDocuments.remove(groupVersion);
            return Optional.empty();
        }
        return Optional.of(groupDocuments
                .compute(
                        groupVersion,
                        (ignored, known) -> known != null && known.content.equals(content)
                                ? known
                                : new OfGroup(
                                        content, new Lazy(() -> Document.of(OpenApiV3.write(registry, groupVersion)))))
                .document
                .get());
    }

    /** A group version's document stays good while others come and go: writing all of them takes seconds. */
    private record OfGroup(List<Served> content, Lazy document) {}

    /** The address of a group version's OpenAPI 3 document that names the document's content too. */
    public static String openApiPath(GroupVersion groupVersion, Document document) {
        return "/openapi/v3" + groupVersion.path() + "?hash=" + document.hash();
    }

    /** The paths of discovery: of all groups and of each group version. */
    public List<String> apiPaths() {
        List<String> paths = new ArrayList<>(List.of("/api", "/api/v1", "/apis"));
        for (String group : ResourceLists.groupNames(registry)) {
            paths.add("/apis/" + group);
            ResourceLists.versions(registry, group).forEach(version -> paths.add("/apis/" + group + "/" + version));
        }
        paths.sort(null);
        return paths;
    }

    private long generation() {
        return registry.generation() + others.generation();
    }

    private boolean isServed(GroupVersion groupVersion) {
        return !registry.inGroupVersion(groupVersion).isEmpty();
    }

    private Document keep(String name, Supplier<ObjectNode> content) {
        return keepBytes(name, () -> Document.of(content.get()));
    }

    private Document keepBytes(String name, Supplier<Document> content) {
        long generation = generation();
        Kept current = kept;
        if (current.generation != generation) {
            current = new Kept(generation, new ConcurrentHashMap<>());
            kept = current;
        }
        // Written outside of the map's own lock: the index asks for other documents while it is written.
        return current.documents
                .computeIfAbsent(name, ignored -> new Lazy(content))
                .get();
    }
}
