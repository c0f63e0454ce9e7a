package io.mokube.apiserver.cel;

import com.google.common.collect.ImmutableList;
import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cel.checker.CelCheckerBuilder;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.TypeParamType;
import dev.cel.compiler.CelCompilerLibrary;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import dev.cel.runtime.CelRuntimeBuilder;
import dev.cel.runtime.CelRuntimeLibrary;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The functions that Kubernetes adds to the language: on lists, texts, URLs, quantities, addresses and formats. */
@SuppressWarnings("Immutable") // The functions close over functions without state.
final class KubernetesLibrary implements CelCompilerLibrary, CelRuntimeLibrary {

    private static final CelType TEXT = SimpleType.STRING;
    private static final CelType INT = SimpleType.INT;
    private static final CelType BOOL = SimpleType.BOOL;
    private static final CelType ITEM = TypeParamType.create("T");
    private static final CelType ITEMS = ListType.create(ITEM);
    private static final CelType URL = OpaqueType.create("kubernetes.URL");
    private static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
    private static final CelType IP = OpaqueType.create("net.IP");
    private static final CelType CIDR = OpaqueType.create("net.CIDR");
    private static final CelType FORMAT = OpaqueType.create("kubernetes.NamedFormat");

    static final KubernetesLibrary INSTANCE = new KubernetesLibrary();

    private final List<CelFunctionDecl> declarations = new ArrayList<>();
    private final List<CelFunctionBinding> bindings = new ArrayList<>();
    private final Map<String, List<CelOverloadDecl>> overloads = new LinkedHashMap<>();

    private KubernetesLibrary() {
        lists();
        texts();
        urls();
        quantities();
        addresses();
        formats();
        global(
                "jsonpatch.escapeKey",
                "string_jsonpatch_escapeKey_string",
                SimpleType.STRING,
                List.of(SimpleType.STRING),
                List.of(String.class),
                args -> ((String) args[0]).replace("~", "~0").replace("/", "~1"));
        overloads.forEach((name, each) -> declarations.add(CelFunctionDecl.newFunctionDeclaration(name, each)));
    }

    @Override
    public void setCheckerOptions(CelCheckerBuilder checker) {
        checker.addFunctionDeclarations(declarations);
    }

    @Override
    public void setParserOptions(dev.cel.parser.CelParserBuilder parser) {}

    @Override
    public void setRuntimeOptions(CelRuntimeBuilder runtime) {
        runtime.addFunctionBindings(bindings);
    }

    /** A function called on its first argument. */
    private void member(
            String name,
            String id,
            CelType result,
            List<CelType> types,
            List<Class<?>> classes,
            CelFunctionOverload function) {
        declare(name, CelOverloadDecl.newMemberOverload(id, result, types));
        bindings.add(CelFunctionBinding.from(id, classes, function));
    }

    private void global(
            String name,
            String id,
            CelType result,
            List<CelType> types,
            List<Class<?>> classes,
            CelFunctionOverload function) {
        declare(name, CelOverloadDecl.newGlobalOverload(id, result, types.toArray(CelType[]::new)));
        bindings.add(CelFunctionBinding.from(id, classes, function));
    }

    private void declare(String name, CelOverloadDecl overload) {
        overloads.computeIfAbsent(name, ignored -> new ArrayList<>()).add(overload);
    }

    private void lists() {
        member("isSorted", "k8s_list_is_sorted", BOOL, List.of(ITEMS), List.of(List.class), args -> {
            List<?> items = (List<?>) args[0];
            for (int i = 1; i < items.size(); i++) {
                if (compare(items.get(i - 1), items.get(i)) > 0) {
                    return false;
                }
            }
            return true;
        });
        member("sum", "k8s_list_sum", ITEM, List.of(ITEMS), List.of(List.class), args -> sum((List<?>) args[0]));
        member(
                "min",
                "k8s_list_min",
                ITEM,
                List.of(ITEMS),
                List.of(List.class),
                args -> extreme((List<?>) args[0], -1));
        member("max", "k8s_list_max", ITEM, List.of(ITEMS), List.of(List.class), args -> extreme((List<?>) args[0], 1));
        member("indexOf", "k8s_list_index_of", INT, List.of(ITEMS, ITEM), List.of(List.class, Object.class), args ->
                (long) ((List<?>) args[0]).indexOf(args[1]));
        member(
                "lastIndexOf",
                "k8s_list_last_index_of",
                INT,
                List.of(ITEMS, ITEM),
                List.of(List.class, Object.class),
                args -> (long) ((List<?>) args[0]).lastIndexOf(args[1]));
    }

    private static Object sum(List<?> items) {
        if (items.isEmpty()) {
            return 0L;
        }
        return switch (items.getFirst()) {
            case Long ignored -> items.stream().mapToLong(each -> (Long) each).reduce(0, Math::addExact);
            case Double ignored ->
                items.stream()
                        .mapToDouble(each -> ((Number) each).doubleValue())
                        .sum();
            case Duration ignored -> items.stream().map(Duration.class::cast).reduce(Duration.ZERO, Duration::plus);
            default -> throw new IllegalArgumentException("no such overload");
        };
    }

    private static Object extreme(List<?> items, int sign) {
        if (items.isEmpty()) {
            throw new IllegalArgumentException(sign < 0 ? "min called on empty list" : "max called on empty list");
        }
        Object best = items.getFirst();
        for (Object each : items) {
            if (compare(each, best) * sign > 0) {
                best = each;
            }
        }
        return best;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static int compare(Object a, Object b) {
        if (a instanceof Comparable first && a.getClass() == b.getClass()) {
            return first.compareTo(b);
        }
        if (a instanceof Number first && b instanceof Number second) {
            return Double.compare(first.doubleValue(), second.doubleValue());
        }
        throw new IllegalArgumentException("no such overload");
    }

    private void texts() {
        member("find", "k8s_string_find", TEXT, List.of(TEXT, TEXT), List.of(String.class, String.class), args -> {
            Matcher matcher = Pattern.compile((String) args[1]).matcher((String) args[0]);
            return matcher.find() ? matcher.group() : "";
        });
        member(
                "findAll",
                "k8s_string_find_all",
                ListType.create(TEXT),
                List.of(TEXT, TEXT),
                List.of(String.class, String.class),
                args -> findAll((String) args[0], (String) args[1], -1));
        member(
                "findAll",
                "k8s_string_find_all_limited",
                ListType.create(TEXT),
                List.of(TEXT, TEXT, INT),
                List.of(String.class, String.class, Long.class),
                args -> findAll((String) args[0], (String) args[1], (Long) args[2]));
        member(
                "format",
                "k8s_string_format",
                TEXT,
                List.of(TEXT, ListType.create(SimpleType.DYN)),
                List.of(String.class, List.class),
                args -> TextFormat.format((String) args[0], (List<?>) args[1]));
    }

    private static List<String> findAll(String text, String pattern, long limit) {
        List<String> found = new ArrayList<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while ((limit < 0 || found.size() < limit) && matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    private void urls() {
        global(
                "url",
                "k8s_url",
                URL,
                List.of(TEXT),
                List.of(String.class),
                args -> parseUrl((String) args[0])
                        .orElseThrow(() -> new IllegalArgumentException(
                                "URL parse error during conversion from string: " + args[0])));
        global(
                "isURL",
                "k8s_is_url",
                BOOL,
                List.of(TEXT),
                List.of(String.class),
                args -> parseUrl((String) args[0]).isPresent());
        url("getScheme", URI::getScheme);
        url("getHost", uri -> uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort());
        url("getHostname", uri -> {
            String host = uri.getHost();
            return host != null && host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        });
        url("getPort", uri -> uri.getPort() < 0 ? "" : Integer.toString(uri.getPort()));
        url("getEscapedPath", URI::getRawPath);
        member(
                "getQuery",
                "k8s_url_get_query",
                MapType.create(TEXT, ListType.create(TEXT)),
                List.of(URL),
                List.of(URI.class),
                args -> query((URI) args[0]));
    }

    @FunctionalInterface
    private interface Part {
        @Nullable
        String of(URI uri);
    }

    private void url(String name, Part part) {
        member(
                name,
                "k8s_url_" + name,
                TEXT,
                List.of(URL),
                List.of(URI.class),
                args -> Objects.requireNonNullElse(part.of((URI) args[0]), ""));
    }

    private static Optional<URI> parseUrl(String text) {
        try {
            URI uri = new URI(text);
            return uri.isAbsolute() || text.startsWith("/") ? Optional.of(uri) : Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static Map<String, List<String>> query(URI uri) {
        Map<String, List<String>> query = new LinkedHashMap<>();
        String raw = uri.getRawQuery();
        if (raw != null) {
            for (String pair : raw.split("&")) {
                int equals = pair.indexOf('=');
                query.computeIfAbsent(decode(equals < 0 ? pair : pair.substring(0, equals)), name -> new ArrayList<>())
                        .add(equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decode(String text) {
        return java.net.URLDecoder.decode(text, java.nio.charset.StandardCharsets.UTF_8);
    }

    private void quantities() {
        global(
                "quantity",
                "k8s_quantity",
                QUANTITY,
                List.of(TEXT),
                List.of(String.class),
                args -> Quantity.parse((String) args[0]));
        global("isQuantity", "k8s_is_quantity", BOOL, List.of(TEXT), List.of(String.class), args -> {
            try {
                Quantity.parse((String) args[0]);
                return true;
            } catch (IllegalArgumentException e) {
                return false;
            }
        });
        quantity("sign", INT, quantity -> (long) quantity.amount().signum());
        quantity("isInteger", BOOL, quantity -> isWhole(quantity.amount()));
        quantity("asInteger", INT, quantity -> {
            if (!isWhole(quantity.amount())) {
                throw new IllegalArgumentException("cannot convert value to integer");
            }
            return quantity.amount().longValueExact();
        });
        quantity(
                "asApproximateFloat",
                SimpleType.DOUBLE,
                quantity -> quantity.amount().doubleValue());
        quantities("isGreaterThan", BOOL, (a, b) -> a.compareTo(b) > 0);
        quantities("isLessThan", BOOL, (a, b) -> a.compareTo(b) < 0);
        quantities("compareTo", INT, (a, b) -> (long) Integer.signum(a.compareTo(b)));
        quantities("add", QUANTITY, Quantity::plus);
        quantities("sub", QUANTITY, Quantity::minus);
        for (boolean add : List.of(true, false)) {
            member(
                    add ? "add" : "sub",
                    add ? "k8s_quantity_add_int" : "k8s_quantity_sub_int",
                    QUANTITY,
                    List.of(QUANTITY, INT),
                    List.of(Quantity.class, Long.class),
                    args -> {
                        Quantity other = new Quantity(BigDecimal.valueOf((Long) args[1]));
                        return add ? ((Quantity) args[0]).plus(other) : ((Quantity) args[0]).minus(other);
                    });
        }
    }

    private static boolean isWhole(BigDecimal amount) {
        return amount.stripTrailingZeros().scale() <= 0 && amount.toBigInteger().bitLength() < Long.SIZE;
    }

    private void quantity(String name, CelType result, java.util.function.Function<Quantity, Object> function) {
        member(
                name,
                "k8s_quantity_" + name,
                result,
                List.of(QUANTITY),
                List.of(Quantity.class),
                args -> function.apply((Quantity) args[0]));
    }

    private void quantities(
            String name, CelType result, java.util.function.BiFunction<Quantity, Quantity, Object> function) {
        member(
                name,
                "k8s_quantity_" + name,
                result,
                List.of(QUANTITY, QUANTITY),
                List.of(Quantity.class, Quantity.class),
                args -> function.apply((Quantity) args[0], (Quantity) args[1]));
    }

    private void addresses() {
        global("ip", "k8s_ip", IP, List.of(TEXT), List.of(String.class), args -> IpAddress.parse((String) args[0]));
        global(
                "isIP",
                "k8s_is_ip",
                BOOL,
                List.of(TEXT),
                List.of(String.class),
                args -> IpText.parse((String) args[0]).isPresent());
        global(
                "ip.isCanonical",
                "k8s_ip_is_canonical",
                BOOL,
                List.of(TEXT),
                List.of(String.class),
                args -> IpAddress.parse((String) args[0]).toString().equals(args[0]));
        global("string", "k8s_ip_to_string", TEXT, List.of(IP), List.of(IpAddress.class), args -> args[0].toString());
        global("cidr", "k8s_cidr", CIDR, List.of(TEXT), List.of(String.class), args -> Cidr.parse((String) args[0]));
        global(
                "isCIDR",
                "k8s_is_cidr",
                BOOL,
                List.of(TEXT),
                List.of(String.class),
                args -> IpText.isCidr((String) args[0]));
        global("string", "k8s_cidr_to_string", TEXT, List.of(CIDR), List.of(Cidr.class), args -> args[0].toString());
        ip("family", INT, ip -> ip.isFour() ? 4L : 6L);
        ip("isUnspecified", BOOL, IpAddress::isUnspecified);
        ip("isLoopback", BOOL, IpAddress::isLoopback);
        ip("isLinkLocalMulticast", BOOL, IpAddress::isLinkLocalMulticast);
        ip("isLinkLocalUnicast", BOOL, IpAddress::isLinkLocalUnicast);
        ip("isGlobalUnicast", BOOL, IpAddress::isGlobalUnicast);
        member(
                "containsIP",
                "k8s_cidr_contains_ip",
                BOOL,
                List.of(CIDR, IP),
                List.of(Cidr.class, IpAddress.class),
                args -> ((Cidr) args[0]).contains((IpAddress) args[1]));
        member(
                "containsIP",
                "k8s_cidr_contains_ip_text",
                BOOL,
                List.of(CIDR, TEXT),
                List.of(Cidr.class, String.class),
                args -> ((Cidr) args[0]).contains(IpAddress.parse((String) args[1])));
        member(
                "containsCIDR",
                "k8s_cidr_contains_cidr",
                BOOL,
                List.of(CIDR, CIDR),
                List.of(Cidr.class, Cidr.class),
                args -> ((Cidr) args[0]).contains((Cidr) args[1]));
        member(
                "containsCIDR",
                "k8s_cidr_contains_cidr_text",
                BOOL,
                List.of(CIDR, TEXT),
                List.of(Cidr.class, String.class),
                args -> ((Cidr) args[0]).contains(Cidr.parse((String) args[1])));
        member("ip", "k8s_cidr_ip", IP, List.of(CIDR), List.of(Cidr.class), args -> ((Cidr) args[0]).address());
        member(
                "masked",
                "k8s_cidr_masked",
                CIDR,
                List.of(CIDR),
                List.of(Cidr.class),
                args -> ((Cidr) args[0]).masked());
        member("prefixLength", "k8s_cidr_prefix", INT, List.of(CIDR), List.of(Cidr.class), args ->
                (long) ((Cidr) args[0]).bits());
    }

    private void ip(String name, CelType result, java.util.function.Function<IpAddress, Object> function) {
        member(
                name,
                "k8s_ip_" + name,
                result,
                List.of(IP),
                List.of(IpAddress.class),
                args -> function.apply((IpAddress) args[0]));
    }

    private void formats() {
        for (NamedFormat format : NamedFormat.ALL) {
            global(
                    "format." + format.name(),
                    "k8s_format_" + format.name(),
                    FORMAT,
                    List.of(),
                    List.of(),
                    args -> format);
        }
        global(
                "format.named",
                "k8s_format_named",
                OptionalType.create(FORMAT),
                List.of(TEXT),
                List.of(String.class),
                args -> NamedFormat.find((String) args[0]));
        member(
                "validate",
                "k8s_format_validate",
                OptionalType.create(ListType.create(TEXT)),
                List.of(FORMAT, TEXT),
                List.of(NamedFormat.class, String.class),
                args -> ((NamedFormat) args[0]).problem().of((String) args[1]).map(ImmutableList::of));
    }

    /** The bytes of an address, compared by value. */
    record IpAddress(List<Byte> bytes) {

        static IpAddress parse(String text) {
            byte[] raw = IpText.parse(text)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "IP Address \"" + text + "\" parse error during conversion from string"));
            return of(raw);
        }

        static IpAddress of(byte[] raw) {
            Byte[] boxed = new Byte[raw.length];
            Arrays.setAll(boxed, i -> raw[i]);
            return new IpAddress(List.of(boxed));
        }

        byte[] raw() {
            byte[] raw = new byte[bytes.size()];
            for (int i = 0; i < raw.length; i++) {
                raw[i] = bytes.get(i);
            }
            return raw;
        }

        private java.net.InetAddress java() {
            try {
                return java.net.InetAddress.getByAddress(raw());
            } catch (java.net.UnknownHostException e) {
                throw new IllegalStateException("an address has 4 or 16 bytes", e);
            }
        }

        boolean isFour() {
            return bytes.size() == 4;
        }

        boolean isUnspecified() {
            return java().isAnyLocalAddress();
        }

        boolean isLoopback() {
            return java().isLoopbackAddress();
        }

        boolean isLinkLocalMulticast() {
            return java().isMCLinkLocal()
                    || (isFour() && bytes.get(0) == (byte) 224 && bytes.get(1) == 0 && bytes.get(2) == 0);
        }

        boolean isLinkLocalUnicast() {
            return java().isLinkLocalAddress();
        }

        boolean isGlobalUnicast() {
            boolean isBroadcast = isFour() && bytes.stream().allMatch(each -> each == (byte) 255);
            return !isUnspecified()
                    && !isLoopback()
                    && !java().isMulticastAddress()
                    && !isLinkLocalUnicast()
                    && !isBroadcast;
        }

        @Override
        public String toString() {
            return IpText.format(raw());
        }
    }

    /** A block of addresses. */
    record Cidr(IpAddress address, int bits) {

        static Cidr parse(String text) {
            if (!IpText.isCidr(text)) {
                throw new IllegalArgumentException(
                        "network address parse error during conversion from string: " + text);
            }
            int slash = text.indexOf('/');
            return new Cidr(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
        }

        Cidr masked() {
            byte[] raw = address.raw();
            for (int i = 0; i < raw.length; i++) {
                int keep = Math.clamp(bits - i * 8L, 0, 8);
                raw[i] = (byte) (raw[i] & (0xFF << (8 - keep)));
            }
            return new Cidr(IpAddress.of(raw), bits);
        }

        boolean contains(IpAddress other) {
            return other.bytes().size() == address.bytes().size()
                    && new Cidr(other, bits).masked().equals(masked());
        }

        boolean contains(Cidr other) {
            return other.bits >= bits && contains(other.address);
        }

        @Override
        public String toString() {
            return address + "/" + bits;
        }
    }
}
