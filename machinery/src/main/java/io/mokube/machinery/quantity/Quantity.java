package io.mokube.machinery.quantity;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * A resource quantity such as {@code 500m}, {@code 2Gi} or {@code 1e3}, with Kubernetes' suffixes: n u m k M G T P E,
 * Ki Mi Gi Ti Pi Ei, and decimal exponents. Kept exactly; never below a nano unit.
 *
 * @param amount the amount in base units (cores, bytes, pieces)
 */
public record Quantity(BigDecimal amount) implements Comparable<Quantity> {

    public static final Quantity ZERO = new Quantity(BigDecimal.ZERO);

    /** By how often 1024 is in them; the first is for not at all. */
    private static final String BINARY_SUFFIXES = "-KMGTPE";

    /** What Kubernetes says of a quantity that it can't read. */
    public static final String FORMAT_MESSAGE =
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    /**
     * Reads a quantity.
     *
     * @throws IllegalArgumentException with {@link #FORMAT_MESSAGE} when the text is none
     */
    public static Quantity parse(String text) {
        int end = 0;
        int length = text.length();
        if (end < length && (text.charAt(end) == '+' || text.charAt(end) == '-')) {
            end++;
        }
        int digits = 0;
        int points = 0;
        while (end < length && isNumeric(text.charAt(end))) {
            if (text.charAt(end) == '.') {
                points++;
            } else {
                digits++;
            }
            end++;
        }
        if (digits == 0 || points > 1 || length > 100) {
            throw new IllegalArgumentException(FORMAT_MESSAGE);
        }
        BigDecimal number = new BigDecimal(text.substring(0, end));
        BigDecimal amount = scale(number, text.substring(end));
        return new Quantity(amount.scale() > 9 ? amount.setScale(9, RoundingMode.CEILING) : amount);
    }

    private static boolean isNumeric(char c) {
        return (c >= '0' && c <= '9') || c == '.';
    }

    private static BigDecimal scale(BigDecimal number, String suffix) {
        return switch (suffix) {
            case "" -> number;
            case "n" -> number.scaleByPowerOfTen(-9);
            case "u" -> number.scaleByPowerOfTen(-6);
            case "m" -> number.scaleByPowerOfTen(-3);
            case "k" -> number.scaleByPowerOfTen(3);
            case "M" -> number.scaleByPowerOfTen(6);
            case "G" -> number.scaleByPowerOfTen(9);
            case "T" -> number.scaleByPowerOfTen(12);
            case "P" -> number.scaleByPowerOfTen(15);
            case "E" -> number.scaleByPowerOfTen(18);
            case "Ki" -> number.multiply(BigDecimal.valueOf(1L << 10));
            case "Mi" -> number.multiply(BigDecimal.valueOf(1L << 20));
            case "Gi" -> number.multiply(BigDecimal.valueOf(1L << 30));
            case "Ti" -> number.multiply(BigDecimal.valueOf(1L << 40));
            case "Pi" -> number.multiply(BigDecimal.valueOf(1L << 50));
            case "Ei" -> number.multiply(BigDecimal.valueOf(1L << 60));
            default -> number.scaleByPowerOfTen(exponent(suffix));
        };
    }

    private static int exponent(String suffix) {
        char first = suffix.charAt(0);
        if ((first != 'e' && first != 'E') || suffix.length() < 2 || suffix.length() > 5) {
            throw new IllegalArgumentException(FORMAT_MESSAGE);
        }
        try {
            return Integer.parseInt(suffix.substring(1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(FORMAT_MESSAGE, e);
        }
    }

    /** The amount in whole base units, rounded up; clamped to the range of a long. */
    public long value() {
        return clamp(amount);
    }

    /** The amount in thousandths, rounded up; clamped to the range of a long. */
    public long milliValue() {
        return clamp(amount.scaleByPowerOfTen(3));
    }

    private static long clamp(BigDecimal amount) {
        BigDecimal rounded = amount.setScale(0, RoundingMode.CEILING);
        if (rounded.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            return Long.MAX_VALUE;
        }
        return rounded.compareTo(BigDecimal.valueOf(Long.MIN_VALUE)) < 0 ? Long.MIN_VALUE : rounded.longValueExact();
    }

    public Quantity plus(Quantity other) {
        return new Quantity(amount.add(other.amount));
    }

    public Quantity minus(Quantity other) {
        return new Quantity(amount.subtract(other.amount));
    }

    @Override
    public int compareTo(Quantity other) {
        return amount.compareTo(other.amount);
    }

    /** Equal amounts are equal however they were written: {@code 1000m} equals {@code 1}. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Quantity quantity && amount.compareTo(quantity.amount) == 0;
    }

    @Override
    public int hashCode() {
        return amount.stripTrailingZeros().hashCode();
    }

    /** The form of memory: whole numbers with the greatest of Ki, Mi, Gi … that leaves them whole, others as decimals. */
    public String toBinaryString() {
        if (amount.stripTrailingZeros().scale() > 0 || amount.signum() == 0) {
            return toString();
        }
        BigInteger whole = amount.toBigIntegerExact();
        int steps = Math.min(whole.getLowestSetBit() / 10, BINARY_SUFFIXES.length() - 1);
        return steps == 0 ? toString() : whole.shiftRight(10 * steps).toString() + BINARY_SUFFIXES.charAt(steps) + "i";
    }

    /** A short decimal form that {@link #parse} reads back: whole numbers plain, fractions in milli, micro or nano. */
    @Override
    public String toString() {
        BigDecimal plain = amount.stripTrailingZeros();
        if (plain.scale() <= 0) {
            return plain.toPlainString();
        }
        if (plain.scale() <= 3) {
            return plain.scaleByPowerOfTen(3).setScale(0).toPlainString() + "m";
        }
        return plain.scale() <= 6
                ? plain.scaleByPowerOfTen(6).setScale(0).toPlainString() + "u"
                : plain.scaleByPowerOfTen(9).setScale(0).toPlainString() + "n";
    }
}
