package io.mokube.client.rest;

import io.mokube.machinery.object.Json;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/**
 * Reads and writes what goes over the wire. Short strings are shared: a cluster repeats the same label keys, images and
 * names in every object, and an informer keeps all of them.
 */
final class Wire {

    /** Shares strings while it reads; otherwise as {@link Json#MAPPER}. */
    static final JsonMapper MAPPER = Json.MAPPER
            .rebuild()
            .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS) // lists and events are read piece by piece
            .addModule(new SimpleModule("shared strings").addDeserializer(String.class, new SharedStrings()))
            .build();

    private Wire() {}

    /** A small lossy table of recent strings. Races only lose sharing: a slot is written whole or not at all. */
    private static final class SharedStrings extends StdDeserializer<String> {

        private static final int SLOTS = 1 << 14;
        private static final int LONGEST = 96;
        private final String[] recent = new String[SLOTS];

        SharedStrings() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) {
            String value = parser.getValueAsString();
            if (value == null) {
                return (String) context.handleUnexpectedToken(getValueType(context), parser);
            }
            if (value.length() > LONGEST) {
                return value;
            }
            int hash = value.hashCode();
            int slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
            String known = recent[slot];
            if (value.equals(known)) {
                return known;
            }
            recent[slot] = value;
            return value;
        }
    }
}
