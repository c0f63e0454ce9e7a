package io.mokube.apiserver.discovery;

import io.mokube.apiserver.discovery.DiscoveryDocuments.AggregatedVersion;
import io.mokube.machinery.names.GroupVersion;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What others serve beside this server, for its discovery documents. Safe for use by many threads. */
public interface OtherGroups {

    /** Nobody serves anything. */
    OtherGroups NONE = new OtherGroups() {
        @Override
        public long generation() {
            return 0;
        }

        @Override
        public List<OtherVersion> versions() {
            return List.of();
        }

        @Override
        public int priority(String group) {
            return 0;
        }
    };

    /** Grows with each change of the others. */
    long generation();

    /** All versions of others, the most preferred of each group first. */
    List<OtherVersion> versions();

    /** Where a group stands among all groups; the highest come first. */
    int priority(String group);

    /**
     * A group version of others.
     *
     * @param resources in the form of {@link AggregatedVersion}; nothing while nobody answers
     * @param openApi the address of its OpenAPI 3 document, with the document's hash
     */
    record OtherVersion(GroupVersion groupVersion, Optional<JsonNode> resources, Optional<String> openApi) {}
}
