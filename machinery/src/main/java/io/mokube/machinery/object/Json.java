package io.mokube.machinery.object;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The one way JSON is read and written. Hostile input meets the limits set here. */
public final class Json {

    /** The deepest nesting that is read; etcd's size limit keeps honest objects far below. */
    public static final int MAX_NESTING_DEPTH = 500;

    /**
     * Reads and writes trees. Nesting, number and name lengths are bounded; anything after the first value is an error;
     * duplicate fields keep the last value, as Kubernetes does.
     */
    public static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING_DEPTH)
                            .maxNumberLength(400)
                            .maxNameLength(50_000)
                            .maxStringLength(8 * 1024 * 1024)
                            .build())
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private Json() {}
}
