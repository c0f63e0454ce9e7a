package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * All discovery documents of a registry, each written when first asked for and kept until the registry changes. Safe for
 * use by many threads.
 */
public final class DiscoveryDocuments {

    private final ResourceRegistry registry;
    private volatile Kept kept;

    public DiscoveryDocuments(ResourceRegistry registry) {
        this.registry = registry;
        this.kept = new Kept(registry.generation(), new ConcurrentHashMap<>());
    }

    /** The documents of one generation of the registry. */
    private record Kept(long generation, Map<String, Document> documents) {}

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
        return keep("groups", () -> ResourceLists.groups(registry));
    }

    /** {@code /apis/<group>}; nothing when the group isn't served. */
    public Optional<Document> group(String group) {
        return registry.groupVersions().stream().anyMatch(each -> each.group().equals(group))
                ? Optional.of(keep("group " + group, () -> ResourceLists.group(registry, group)))
                : Optional.empty();
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
        return keep("aggregated groups " + version, () -> AggregatedDiscovery.write(registry, version, false));
    }

    /** {@code /openapi/v3}. */
    public Document openApiIndex() {
        return keep("openapi", () -> {
            ObjectNode index = Json.MAPPER.createObjectNode();
            ObjectNode paths = index.putObject("paths");
            for (GroupVersion groupVersion : registry.groupVersions()) {
                String path = groupVersion.path().substring(1);
                String hash = openApi(groupVersion).orElseThrow().hash();
                paths.putObject(path).put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hash);
            }
            return index;
        });
    }

    /** {@code /openapi/v3/api/v1} or {@code /openapi/v3/apis/<group>/<version>}; nothing when it isn't served. */
    public Optional<Document> openApi(GroupVersion groupVersion) {
        return isServed(groupVersion)
                ? Optional.of(keep("openapi " + groupVersion, () -> new OpenApiV3(registry, groupVersion).write()))
                : Optional.empty();
    }

    private boolean isServed(GroupVersion groupVersion) {
        return !registry.inGroupVersion(groupVersion).isEmpty();
    }

    private Document keep(String name, Supplier<ObjectNode> content) {
        long generation = registry.generation();
        Kept current = kept;
        if (current.generation != generation) {
            current = new Kept(generation, new ConcurrentHashMap<>());
            kept = current;
        }
        // Not computeIfAbsent: the index asks for other documents while it is written, and writing twice does no harm.
        Document document = current.documents.get(name);
        if (document == null) {
            document = Document.of(content.get());
            current.documents.put(name, document);
        }
        return document;
    }
}
