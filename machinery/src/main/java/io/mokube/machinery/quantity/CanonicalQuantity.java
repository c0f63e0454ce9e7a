package io.mokube.machinery.quantity;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * The form in which Kubernetes shows quantities of resources: no fractions, the largest suffix that allows that, within the
 * family the user wrote in. {@code 0.5} becomes {@code 500m}, {@code 1024Mi} becomes {@code 1Gi}; amounts finer than a
 * thousandth are rounded up.
 */
public final class CanonicalQuantity {

    private static final String[] DECIMAL = {"m", "", "k", "M", "G", "T", "P", "E"};
    private static final String[] BINARY = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    private static final BigInteger THOUSAND = BigInteger.valueOf(1000);
    private static final BigInteger KIBI = BigInteger.valueOf(1024);

    private CanonicalQuantity() {}

    /** The canonical form of a text that {@link Quantity#parse} accepts. */
    public static String of(String text) {
        BigDecimal amount = Quantity.parse(text).amount();
        if (amount.signum() == 0) {
            return "0";
        }
        if (amount.precision() - amount.scale() > 30) {
            return text;
        }
        boolean binary = isBinary(text);
        boolean exponent = !binary && (text.indexOf('e') >= 0 || (text.indexOf('E') >= 0 && !text.endsWith("E")));
        return exponent ? text : of(amount, binary);
    }

    /** Whether a quantity is written in powers of 1024. */
    public static boolean isBinary(String text) {
        return text.endsWith("i");
    }

    /**
     * The canonical form of an amount.
     *
     * @param binary whether in powers of 1024; amounts below 1024 are decimal all the same
     */
    public static String of(BigDecimal amount, boolean binary) {
        if (amount.signum() == 0) {
            return "0";
        }
        if (binary && amount.abs().compareTo(BigDecimal.valueOf(1024)) >= 0) {
            return shortest(amount.setScale(0, RoundingMode.CEILING).toBigInteger(), KIBI, BINARY);
        }
        BigInteger milli =
                amount.scaleByPowerOfTen(3).setScale(0, RoundingMode.CEILING).toBigInteger();
        return shortest(milli, THOUSAND, DECIMAL);
    }

    private static String shortest(BigInteger number, BigInteger base, String[] suffixes) {
        int suffix = 0;
        BigInteger rest = number;
        while (suffix + 1 < suffixes.length) {
            BigInteger[] divided = rest.divideAndRemainder(base);
            if (divided[1].signum() != 0) {
                break;
            }
            rest = divided[0];
            suffix++;
        }
        return rest + suffixes[suffix];
    }
}
