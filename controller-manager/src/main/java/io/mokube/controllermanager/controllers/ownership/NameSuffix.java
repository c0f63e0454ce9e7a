package io.mokube.controllermanager.controllers.ownership;

import java.util.random.RandomGenerator;

/** The ends of generated names. Their alphabet has no vowels and no look-alikes, so that they spell nothing. */
public final class NameSuffix {

    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
    private static final int RANDOM_LENGTH = 5;
    private static final int LONGEST_BASE = 63 - RANDOM_LENGTH;

    private NameSuffix() {}

    /** The base, cut so that the whole fits a label, and five random characters. */
    public static String random(String base, RandomGenerator random) {
        StringBuilder name = new StringBuilder(base.length() > LONGEST_BASE ? base.substring(0, LONGEST_BASE) : base);
        for (int i = 0; i < RANDOM_LENGTH; i++) {
            name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return name.toString();
    }

    /** A number's decimal digits, each written in the alphabet. */
    public static String encode(int unsigned) {
        String digits = Integer.toUnsignedString(unsigned);
        StringBuilder encoded = new StringBuilder();
        for (int i = 0; i < digits.length(); i++) {
            encoded.append(ALPHABET.charAt(digits.charAt(i) % ALPHABET.length()));
        }
        return encoded.toString();
    }
}
