package io.mokube.apiserver.resources.strategy;

import java.net.Inet6Address;
import java.util.regex.Pattern;

/** Whether a text is an IP address; never asks a name server. */
final class IpAddress {

    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern V4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

    private IpAddress() {}

    static boolean isValid(String text) {
        if (V4.matcher(text).matches()) {
            return true;
        }
        if (text.indexOf(':') < 0 || text.indexOf('%') >= 0) {
            return false;
        }
        try {
            return Inet6Address.ofLiteral(text) instanceof Inet6Address;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
