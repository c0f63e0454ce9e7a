package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.selector.LabelSelector;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The checks that many kinds share, each adding Kubernetes' sentence for what is wrong. */
final class Check {

    static final int MAX_PORT = 65535;
    static final String NO_IP_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

    private static final String NOT_NEGATIVE = "must be greater than or equal to 0";
    private static final Pattern CONFIG_KEY = Pattern.compile("[-._a-zA-Z0-9]+");
    private static final Pattern PORT_NAME = Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?");
    private static final Pattern DOMAIN_PATH = Pattern.compile("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+");
    private static final Pattern PERCENT = Pattern.compile("[0-9]+%");

    private Check() {}

    static void required(JsonNode parent, String field, String path, List<FieldError> errors) {
        if (Tree.text(parent, field).isEmpty()) {
            errors.add(FieldError.required(path + "." + field, ""));
        }
    }

    static void notNegative(JsonNode parent, String field, String path, List<FieldError> errors) {
        long value = parent.path(field).asLong(0);
        if (value < 0) {
            errors.add(FieldError.invalid(path + "." + field, value, NOT_NEGATIVE));
        }
    }

    static void between(JsonNode value, long min, long max, String path, List<FieldError> errors) {
        long number = value.asLong(0);
        if (number < min || number > max) {
            errors.add(FieldError.invalid(path, number, "must be between " + min + " and " + max + ", inclusive"));
        }
    }

    static void port(JsonNode value, String path, List<FieldError> errors) {
        between(value, 1, MAX_PORT, path, errors);
    }

    /** A port's number, or the name of a container's port. */
    static void portOrName(JsonNode value, String path, List<FieldError> errors) {
        if (value.isString()) {
            portName(value.stringValue(), path, errors);
        } else {
            port(value, path, errors);
        }
    }

    static void portName(String name, String path, List<FieldError> errors) {
        if (name.length() > 15) {
            errors.add(FieldError.invalid(path, name, "must be no more than 15 characters"));
        }
        if (!PORT_NAME.matcher(name).matches()) {
            errors.add(FieldError.invalid(
                    path, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"));
        } else if (name.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
            errors.add(FieldError.invalid(path, name, "must contain at least one letter (a-z)"));
        } else if (name.contains("--")) {
            errors.add(FieldError.invalid(path, name, "must not contain consecutive hyphens"));
        }
    }

    static void name(String value, Function<String, Optional<String>> format, String path, List<FieldError> errors) {
        format.apply(value).ifPresent(wrong -> errors.add(FieldError.invalid(path, value, wrong)));
    }

    /** A name that may be left out. */
    static void optionalName(
            JsonNode parent,
            String field,
            Function<String, Optional<String>> format,
            String path,
            List<FieldError> errors) {
        String value = Tree.text(parent, field);
        if (!value.isEmpty()) {
            name(value, format, path + "." + field, errors);
        }
    }

    /** Labels that are to match: keys and values well formed. */
    static void labels(JsonNode labels, String path, List<FieldError> errors) {
        Tree.texts(labels).forEach((key, value) -> {
            name(key, NameFormat::qualifiedName, path, errors);
            name(value, NameFormat::labelValue, path, errors);
        });
    }

    /** A host's DNS name, or all of a domain's with {@code *.}. */
    static void host(String host, String path, List<FieldError> errors) {
        if (!host.contains("*")) {
            name(host, NameFormat::dnsSubdomain, path, errors);
        } else if (!host.startsWith("*.")
                || NameFormat.dnsSubdomain(host.substring(2)).isPresent()) {
            errors.add(FieldError.invalid(
                    path,
                    host,
                    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must"
                            + " consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric"
                            + " character (e.g. '*.example.com', regex used for validation is"
                            + " '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"));
        }
    }

    /** A path below a domain, such as {@code example.com/controller}. */
    static void domainPath(String value, String path, List<FieldError> errors) {
        int slash = value.indexOf('/');
        if (slash < 0 || slash == value.length() - 1) {
            errors.add(FieldError.invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
            return;
        }
        name(value.substring(0, slash), NameFormat::dnsSubdomain, path, errors);
        if (!DOMAIN_PATH.matcher(value.substring(slash + 1)).matches()) {
            errors.add(FieldError.invalid(path, value.substring(slash + 1), "Invalid path"));
        }
    }

    static Optional<AddressBlock> cidr(String value, String path, List<FieldError> errors) {
        Optional<AddressBlock> block = AddressBlock.parse(value);
        if (block.isEmpty()) {
            errors.add(
                    FieldError.invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
        }
        return block;
    }

    static void ipAddress(String value, String path, List<FieldError> errors) {
        if (!IpAddress.isValid(value)) {
            errors.add(FieldError.invalid(path, value, NO_IP_ADDRESS));
        }
    }

    static void dnsLabel(String value, String path, List<FieldError> errors) {
        name(value, NameFormat::dnsLabel, path, errors);
    }

    /** A value that must be one of a set; an absent one passes. */
    static void oneOf(JsonNode parent, String field, String path, Collection<String> allowed, List<FieldError> errors) {
        String value = Tree.text(parent, field);
        if (!value.isEmpty() && !allowed.contains(value)) {
            errors.add(FieldError.notSupported(path + "." + field, value, new TreeSet<>(allowed)));
        }
    }

    static void immutable(JsonNode now, JsonNode old, String field, String path, List<FieldError> errors) {
        if (!Tree.sameField(now, old, field)) {
            errors.add(FieldError.invalid(path, show(now.path(field)), "field is immutable"));
        }
    }

    /** What an error shows of a value that may be missing. */
    static Object show(JsonNode value) {
        return value.isMissingNode() ? "" : value;
    }

    /** Adds a duplicate error for every value after the first that is equal. */
    static void distinct(List<ObjectNode> items, String field, String path, List<FieldError> errors) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < items.size(); i++) {
            String value = Tree.text(items.get(i), field);
            if (!value.isEmpty() && !seen.add(value)) {
                errors.add(FieldError.duplicate(path + "[" + i + "]." + field, value));
            }
        }
    }

    /** A number or a percentage, neither negative. */
    static void numberOrPercent(JsonNode value, String path, List<FieldError> errors) {
        if (value.isString()) {
            if (!PERCENT.matcher(value.stringValue()).matches()) {
                errors.add(FieldError.invalid(
                        path,
                        value.stringValue(),
                        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%',"
                                + " regex used for validation is '[0-9]+%')"));
            }
        } else if (value.asLong(0) < 0) {
            errors.add(FieldError.invalid(path, value.asLong(0), NOT_NEGATIVE));
        }
    }

    /** The keys of a config map or secret. */
    static void configKey(String key, String path, List<FieldError> errors) {
        if (key.length() > 253) {
            errors.add(FieldError.invalid(path, key, "must be no more than 253 characters"));
        }
        if (!CONFIG_KEY.matcher(key).matches()) {
            errors.add(FieldError.invalid(
                    path,
                    key,
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
                            + " 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
        } else if (key.equals(".") || key.startsWith("..")) {
            errors.add(FieldError.invalid(path, key, "must not start with '..'"));
        }
    }

    /** The selector of a workload: well formed, or null after adding what is wrong. */
    static @Nullable LabelSelector selector(JsonNode selector, String path, List<FieldError> errors) {
        int before = errors.size();
        labels(selector.path("matchLabels"), path + ".matchLabels", errors);
        List<ObjectNode> expressions = Tree.items(selector, "matchExpressions");
        for (int i = 0; i < expressions.size(); i++) {
            expression(expressions.get(i), path + ".matchExpressions[" + i + "]", errors);
        }
        return errors.size() > before ? null : LabelSelector.ofJson(selector);
    }

    private static void expression(ObjectNode expression, String path, List<FieldError> errors) {
        String operator = Tree.text(expression, "operator");
        JsonNode values = expression.path("values");
        switch (operator) {
            case "In", "NotIn" -> {
                if (values.isEmpty()) {
                    errors.add(FieldError.required(
                            path + ".values", "must be specified when `operator` is 'In' or 'NotIn'"));
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (!values.isEmpty()) {
                    errors.add(FieldError.forbidden(
                            path + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                }
            }
            default -> errors.add(FieldError.invalid(path + ".operator", operator, "not a valid selector operator"));
        }
        name(Tree.text(expression, "key"), NameFormat::qualifiedName, path + ".key", errors);
        for (int i = 0; i < values.size(); i++) {
            name(values.get(i).asString(""), NameFormat::labelValue, path + ".values[" + i + "]", errors);
        }
    }
}
