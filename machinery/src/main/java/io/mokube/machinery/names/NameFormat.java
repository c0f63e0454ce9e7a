package io.mokube.machinery.names;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The formats Kubernetes demands of names, label keys and label values. Each check returns the explanation Kubernetes
 * gives for a bad value, or nothing for a good one.
 */
public final class NameFormat {

    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final Pattern DNS_LABEL = Pattern.compile(LABEL);
    private static final Pattern DNS_SUBDOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
    private static final Pattern DNS_1035_LABEL = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final Pattern QUALIFIED_NAME = Pattern.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");

    private NameFormat() {}

    /** An RFC 1123 subdomain: the names of most objects. */
    public static Optional<String> dnsSubdomain(String value) {
        if (value.length() > 253) {
            return Optional.of("must be no more than 253 bytes");
        }
        return DNS_SUBDOMAIN.matcher(value).matches()
                ? Optional.empty()
                : Optional.of(
                        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
                                + " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
                                + " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
    }

    /** An RFC 1123 label: namespaces, container names. */
    public static Optional<String> dnsLabel(String value) {
        if (value.length() > 63) {
            return Optional.of("must be no more than 63 bytes");
        }
        return DNS_LABEL.matcher(value).matches()
                ? Optional.empty()
                : Optional.of(
                        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and"
                                + " must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used"
                                + " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
    }

    /** An RFC 1035 label: service names before Kubernetes relaxed them. */
    public static Optional<String> dns1035Label(String value) {
        if (value.length() > 63) {
            return Optional.of("must be no more than 63 bytes");
        }
        return DNS_1035_LABEL.matcher(value).matches()
                ? Optional.empty()
                : Optional.of(
                        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
                                + " alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123',"
                                + " regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
    }

    /** A name that is one segment of a path: RBAC names may hold colons and capitals. */
    public static Optional<String> pathSegment(String value) {
        if (value.equals(".") || value.equals("..")) {
            return Optional.of("may not be '" + value + "'");
        }
        if (value.indexOf('/') >= 0) {
            return Optional.of("may not contain '/'");
        }
        return value.indexOf('%') >= 0 ? Optional.of("may not contain '%'") : Optional.empty();
    }

    /** A qualified name, {@code name} or {@code prefix/name}: the keys of labels, annotations and resources. */
    public static Optional<String> qualifiedName(String value) {
        int slash = value.indexOf('/');
        if (slash != value.lastIndexOf('/')) {
            return Optional.of("a qualified name " + QUALIFIED_NAME_RULE + " with an optional DNS subdomain prefix and"
                    + " '/' (e.g. 'example.com/MyName')");
        }
        if (slash == 0) {
            return Optional.of("prefix part must be non-empty");
        }
        if (slash > 0) {
            Optional<String> prefix = dnsSubdomain(value.substring(0, slash));
            if (prefix.isPresent()) {
                return Optional.of("prefix part " + prefix.get());
            }
        }
        String name = value.substring(slash + 1);
        if (name.isEmpty()) {
            return Optional.of("name part must be non-empty");
        }
        if (name.length() > 63) {
            return Optional.of("name part must be no more than 63 bytes");
        }
        return QUALIFIED_NAME.matcher(name).matches()
                ? Optional.empty()
                : Optional.of("name part " + QUALIFIED_NAME_RULE);
    }

    private static final String QUALIFIED_NAME_RULE =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
                    + " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
                    + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /** The value of a label; the empty string is one. */
    public static Optional<String> labelValue(String value) {
        if (value.length() > 63) {
            return Optional.of("must be no more than 63 bytes");
        }
        return value.isEmpty() || QUALIFIED_NAME.matcher(value).matches()
                ? Optional.empty()
                : Optional.of("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
                        + " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', "
                        + " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    }
}
