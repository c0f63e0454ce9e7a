package io.mokube.proxy.policy.compile;

import java.util.HexFormat;

/** Short names for long things. */
final class Names {

    private static final long BASIS = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private Names() {}

    /** Sixteen hexadecimal digits that are others for another text (FNV-1a). */
    static String hash(String text) {
        long hash = BASIS;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return HexFormat.of().toHexDigits(hash);
    }
}
