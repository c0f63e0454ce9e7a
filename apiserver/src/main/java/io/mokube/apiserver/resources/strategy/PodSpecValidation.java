package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.quantity.Quantity;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What must hold of a pod's spec, wherever it stands: in a pod or in a template. */
final class PodSpecValidation {

    static final Set<String> RESTART_POLICIES = Set.of("Always", "OnFailure", "Never");

    private static final Set<String> DNS_POLICIES =
            Set.of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
    static final Set<String> PULL_POLICIES = Set.of("Always", "IfNotPresent", "Never");
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final Set<String> MESSAGE_POLICIES = Set.of("File", "FallbackToLogsOnError");
    private static final Set<String> TAINT_EFFECTS = Set.of("NoSchedule", "PreferNoSchedule", "NoExecute");
    private static final int MOST_NAME_SERVERS = 3;

    /** What only containers that are restarted, waited for or counted can have. */
    private static final List<String> NOT_EPHEMERAL = List.of(
            "ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy");

    private static final Set<String> HANDLERS = Set.of("exec", "httpGet", "tcpSocket", "grpc", "sleep");

    private final ObjectNode spec;
    private final String path;
    private final List<FieldError> errors;
    private final Set<String> volumes = new HashSet<>();

    private PodSpecValidation(ObjectNode spec, String path, List<FieldError> errors) {
        this.spec = spec;
        this.path = path;
        this.errors = errors;
    }

    /** Adds what is wrong with a spec that has its defaults. */
    static void validate(ObjectNode spec, String path, List<FieldError> errors) {
        new PodSpecValidation(spec, path, errors).run();
    }

    private void run() {
        volumes.addAll(PodVolumeValidation.validate(spec, path, errors));
        List<ObjectNode> containers = Tree.items(spec, "containers");
        if (containers.isEmpty()) {
            errors.add(FieldError.required(path + ".containers", ""));
        }
        Set<String> names = new HashSet<>();
        containers("containers", names);
        containers("initContainers", names);
        containers("ephemeralContainers", names);
        ephemeralContainers();
        hostPorts(containers);
        Check.oneOf(spec, "restartPolicy", path, RESTART_POLICIES, errors);
        Check.oneOf(spec, "dnsPolicy", path, DNS_POLICIES, errors);
        Check.notNegative(spec, "terminationGracePeriodSeconds", path, errors);
        if (spec.has("activeDeadlineSeconds")) {
            Check.between(
                    spec.path("activeDeadlineSeconds"), 1, Integer.MAX_VALUE, path + ".activeDeadlineSeconds", errors);
        }
        Check.labels(spec.path("nodeSelector"), path + ".nodeSelector", errors);
        optionalName("hostname", true);
        optionalName("subdomain", true);
        optionalName("serviceAccountName", false);
        optionalName("nodeName", false);
        optionalName("priorityClassName", false);
        PodSecurityValidation.pod(spec, path, errors);
        network();
        schedulingGates();
        tolerations();
        topologySpread();
        affinity(spec.path("affinity"));
    }

    private void network() {
        List<ObjectNode> aliases = Tree.items(spec, "hostAliases");
        for (int i = 0; i < aliases.size(); i++) {
            String here = path + ".hostAliases[" + i + "]";
            Check.ipAddress(Tree.text(aliases.get(i), "ip"), here + ".ip", errors);
            for (JsonNode name : aliases.get(i).path("hostnames")) {
                Check.name(name.asString(""), NameFormat::dnsSubdomain, here + ".hostnames", errors);
            }
        }
        JsonNode servers = spec.path("dnsConfig").path("nameservers");
        if (Tree.text(spec, "dnsPolicy").equals("None") && servers.isEmpty()) {
            errors.add(FieldError.required(
                    path + ".dnsConfig.nameservers",
                    "must provide at least one DNS nameserver when `dnsPolicy` is None"));
        }
        if (servers.size() > MOST_NAME_SERVERS) {
            errors.add(FieldError.invalid(
                    path + ".dnsConfig.nameservers",
                    servers,
                    "must not have more than " + MOST_NAME_SERVERS + " nameservers"));
        }
        for (int i = 0; i < servers.size(); i++) {
            Check.ipAddress(servers.path(i).asString(""), path + ".dnsConfig.nameservers[" + i + "]", errors);
        }
    }

    private void schedulingGates() {
        List<ObjectNode> gates = Tree.items(spec, "schedulingGates");
        for (int i = 0; i < gates.size(); i++) {
            Check.name(
                    Tree.text(gates.get(i), "name"),
                    NameFormat::qualifiedName,
                    path + ".schedulingGates[" + i + "].name",
                    errors);
        }
        Check.distinct(gates, "name", path + ".schedulingGates", errors);
        if (!gates.isEmpty() && !Tree.text(spec, "nodeName").isEmpty()) {
            errors.add(FieldError.forbidden(
                    path + ".nodeName", "cannot be set until all schedulingGates have been cleared"));
        }
    }

    /** They are there to look at others, who must exist, and are not what a pod is for. */
    private void ephemeralContainers() {
        Set<String> targets = new HashSet<>();
        for (String list : List.of("containers", "initContainers")) {
            Tree.items(spec, list).forEach(container -> targets.add(Tree.text(container, "name")));
        }
        List<ObjectNode> containers = Tree.items(spec, "ephemeralContainers");
        for (int i = 0; i < containers.size(); i++) {
            ObjectNode container = containers.get(i);
            String at = path + ".ephemeralContainers[" + i + "]";
            String target = Tree.text(container, "targetContainerName");
            if (!target.isEmpty() && !targets.contains(target)) {
                errors.add(FieldError.notFound(at + ".targetContainerName", target));
            }
            for (String field : NOT_EPHEMERAL) {
                if (!container.path(field).isEmpty()) {
                    errors.add(FieldError.forbidden(at + "." + field, "cannot be set for an Ephemeral Container"));
                }
            }
        }
    }

    private void optionalName(String field, boolean label) {
        String value = Tree.text(spec, field);
        if (!value.isEmpty()) {
            Check.name(value, label ? NameFormat::dnsLabel : NameFormat::dnsSubdomain, path + "." + field, errors);
        }
    }

    private void containers(String list, Set<String> names) {
        List<ObjectNode> containers = Tree.items(spec, list);
        for (int i = 0; i < containers.size(); i++) {
            ObjectNode container = containers.get(i);
            String here = path + "." + list + "[" + i + "]";
            String name = Tree.text(container, "name");
            if (name.isEmpty()) {
                errors.add(FieldError.required(here + ".name", ""));
            } else {
                Check.dnsLabel(name, here + ".name", errors);
                if (!names.add(name)) {
                    errors.add(FieldError.duplicate(here + ".name", name));
                }
            }
            container(container, list, here);
        }
    }

    private void container(ObjectNode container, String list, String here) {
        String image = Tree.text(container, "image");
        if (image.isEmpty()) {
            errors.add(FieldError.required(here + ".image", ""));
        } else if (!image.strip().equals(image)) {
            errors.add(FieldError.invalid(here + ".image", image, "must not have leading or trailing whitespace"));
        }
        Check.oneOf(container, "imagePullPolicy", here, PULL_POLICIES, errors);
        Check.oneOf(container, "terminationMessagePolicy", here, MESSAGE_POLICIES, errors);
        ports(container, here);
        environment(container, here);
        environmentSources(container, here);
        mounts(container, here);
        resources(container.path("resources"), here + ".resources", errors);
        PodSecurityValidation.container(container, here, errors);
        boolean isSidecar = list.equals("initContainers")
                && Tree.text(container, "restartPolicy").equals("Always");
        if (list.equals("containers") || isSidecar) {
            probe(container, "livenessProbe", here, true);
            probe(container, "startupProbe", here, true);
            probe(container, "readinessProbe", here, false);
            hook(container.path("lifecycle"), "postStart", here + ".lifecycle");
            hook(container.path("lifecycle"), "preStop", here + ".lifecycle");
        } else if (list.equals("initContainers")) {
            for (String field : List.of("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")) {
                if (container.has(field)) {
                    errors.add(FieldError.forbidden(
                            here + "." + field, "may not be set for init containers without restartPolicy=Always"));
                }
            }
        }
    }

    private void ports(ObjectNode container, String here) {
        List<ObjectNode> ports = Tree.items(container, "ports");
        Check.distinct(ports, "name", here + ".ports", errors);
        for (int i = 0; i < ports.size(); i++) {
            ObjectNode port = ports.get(i);
            String portPath = here + ".ports[" + i + "]";
            String name = Tree.text(port, "name");
            if (!name.isEmpty()) {
                Check.portName(name, portPath + ".name", errors);
            }
            if (port.path("containerPort").asInt(0) == 0) {
                errors.add(FieldError.required(portPath + ".containerPort", ""));
            } else {
                Check.port(port.path("containerPort"), portPath + ".containerPort", errors);
            }
            if (port.path("hostPort").asInt(0) != 0) {
                Check.port(port.path("hostPort"), portPath + ".hostPort", errors);
                if (spec.path("hostNetwork").asBoolean(false)
                        && port.path("hostPort").asInt(0)
                                != port.path("containerPort").asInt(0)) {
                    errors.add(FieldError.invalid(
                            portPath + ".hostPort",
                            port.path("hostPort").asInt(0),
                            "must match `containerPort` when `hostNetwork` is true"));
                }
            }
            Check.oneOf(port, "protocol", portPath, PROTOCOLS, errors);
        }
    }

    private void hostPorts(List<ObjectNode> containers) {
        Set<String> taken = new HashSet<>();
        for (int i = 0; i < containers.size(); i++) {
            List<ObjectNode> ports = Tree.items(containers.get(i), "ports");
            for (int j = 0; j < ports.size(); j++) {
                ObjectNode port = ports.get(j);
                if (port.path("hostPort").asInt(0) != 0) {
                    String host = Tree.text(port, "protocol") + "/" + Tree.text(port, "hostIP") + "/"
                            + port.path("hostPort").asInt(0);
                    if (!taken.add(host)) {
                        errors.add(
                                FieldError.duplicate(path + ".containers[" + i + "].ports[" + j + "].hostPort", host));
                    }
                }
            }
        }
    }

    private void environment(ObjectNode container, String here) {
        List<ObjectNode> variables = Tree.items(container, "env");
        for (int i = 0; i < variables.size(); i++) {
            ObjectNode variable = variables.get(i);
            String envPath = here + ".env[" + i + "]";
            String name = Tree.text(variable, "name");
            if (name.isEmpty()) {
                errors.add(FieldError.required(envPath + ".name", ""));
            } else if (name.chars().anyMatch(c -> c < ' ' || c > '~' || c == '=')) {
                errors.add(FieldError.invalid(
                        envPath + ".name",
                        name,
                        "a valid environment variable name must consist only of printable ASCII characters other than"
                                + " '='"));
            }
            if (variable.get("valueFrom") instanceof ObjectNode source) {
                if (source.size() != 1) {
                    errors.add(FieldError.invalid(
                            envPath + ".valueFrom",
                            "",
                            source.isEmpty()
                                    ? "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`,"
                                            + " `secretKeyRef` or `fileKeyRef`"
                                    : "may not have more than one field specified at a time"));
                } else if (!Tree.text(variable, "value").isEmpty()) {
                    errors.add(FieldError.invalid(
                            envPath + ".valueFrom", "", "may not be specified when `value` is not empty"));
                }
            }
        }
    }

    private void environmentSources(ObjectNode container, String here) {
        List<ObjectNode> sources = Tree.items(container, "envFrom");
        for (int i = 0; i < sources.size(); i++) {
            ObjectNode source = sources.get(i);
            String sourcePath = here + ".envFrom[" + i + "]";
            boolean map = source.has("configMapRef");
            boolean secret = source.has("secretRef");
            if (map && secret) {
                errors.add(FieldError.invalid(sourcePath, "", "may not have more than one field specified at a time"));
            } else if (!map && !secret) {
                errors.add(FieldError.invalid(sourcePath, "", "must specify one of: `configMapRef` or `secretRef`"));
            } else {
                String field = map ? "configMapRef" : "secretRef";
                Check.required(source.path(field), "name", sourcePath + "." + field, errors);
            }
        }
    }

    private void mounts(ObjectNode container, String here) {
        Set<String> paths = new HashSet<>();
        List<ObjectNode> mounts = Tree.items(container, "volumeMounts");
        for (int i = 0; i < mounts.size(); i++) {
            ObjectNode mount = mounts.get(i);
            String mountPath = here + ".volumeMounts[" + i + "]";
            String name = Tree.text(mount, "name");
            if (name.isEmpty()) {
                errors.add(FieldError.required(mountPath + ".name", ""));
            } else if (!volumes.contains(name)) {
                errors.add(FieldError.notFound(mountPath + ".name", name));
            }
            String target = Tree.text(mount, "mountPath");
            if (target.isEmpty()) {
                errors.add(FieldError.required(mountPath + ".mountPath", ""));
            } else if (!paths.add(target)) {
                errors.add(FieldError.invalid(mountPath + ".mountPath", target, "must be unique"));
            }
            if (!Tree.text(mount, "subPath").isEmpty()
                    && !Tree.text(mount, "subPathExpr").isEmpty()) {
                errors.add(FieldError.invalid(
                        mountPath + ".subPathExpr",
                        Tree.text(mount, "subPathExpr"),
                        "subPathExpr and subPath are mutually exclusive"));
            }
            if (List.of(Tree.text(mount, "subPath").split("/")).contains("..")) {
                errors.add(FieldError.invalid(
                        mountPath + ".subPath", Tree.text(mount, "subPath"), "must not contain '..'"));
            }
        }
    }

    /** Adds what is wrong with requests and limits. */
    static void resources(JsonNode resources, String path, List<FieldError> errors) {
        for (String list : List.of("limits", "requests")) {
            amounts(resources.path(list), path + "." + list, errors);
        }
        Map<String, String> limits = Tree.texts(resources.path("limits"));
        Tree.texts(resources.path("requests")).forEach((name, value) -> {
            String limit = limits.get(name);
            if (limit != null && Quantity.parse(value).compareTo(Quantity.parse(limit)) > 0) {
                errors.add(FieldError.invalid(
                        path + ".requests", value, "must be less than or equal to " + name + " limit of " + limit));
            }
        });
    }

    /** Adds what is wrong with amounts of resources. */
    static void amounts(JsonNode amounts, String path, List<FieldError> errors) {
        Tree.texts(amounts).forEach((name, value) -> {
            Check.name(name, NameFormat::qualifiedName, path, errors);
            if (Quantity.parse(value).compareTo(Quantity.ZERO) < 0) {
                errors.add(FieldError.invalid(path + "[" + name + "]", value, "must be greater than or equal to 0"));
            }
        });
    }

    private void probe(ObjectNode container, String field, String here, boolean onlyOneSuccess) {
        if (!(container.get(field) instanceof ObjectNode probe)) {
            return;
        }
        String probePath = here + "." + field;
        handler(probe, probePath);
        for (String number : List.of(
                "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")) {
            Check.notNegative(probe, number, probePath, errors);
        }
        if (onlyOneSuccess && probe.path("successThreshold").asInt(1) != 1) {
            errors.add(FieldError.invalid(
                    probePath + ".successThreshold",
                    probe.path("successThreshold").asInt(1),
                    "must be 1"));
        }
    }

    private void hook(JsonNode lifecycle, String field, String here) {
        if (lifecycle.get(field) instanceof ObjectNode hook) {
            handler(hook, here + "." + field);
        }
    }

    /** What a probe or hook does: exactly one thing. */
    private void handler(ObjectNode handler, String here) {
        long kinds = HANDLERS.stream().filter(handler::has).count();
        if (kinds == 0) {
            errors.add(FieldError.required(here, "must specify a handler type"));
        } else if (kinds > 1) {
            errors.add(FieldError.forbidden(here, "may not specify more than 1 handler type"));
        }
        if (handler.has("httpGet")) {
            Check.portOrName(handler.path("httpGet").path("port"), here + ".httpGet.port", errors);
        }
        if (handler.has("tcpSocket")) {
            Check.portOrName(handler.path("tcpSocket").path("port"), here + ".tcpSocket.port", errors);
        }
        if (handler.has("grpc")) {
            Check.port(handler.path("grpc").path("port"), here + ".grpc.port", errors);
        }
        if (handler.has("exec") && handler.path("exec").path("command").isEmpty()) {
            errors.add(FieldError.required(here + ".exec.command", ""));
        }
    }

    private void tolerations() {
        List<ObjectNode> tolerations = Tree.items(spec, "tolerations");
        for (int i = 0; i < tolerations.size(); i++) {
            ObjectNode toleration = tolerations.get(i);
            String here = path + ".tolerations[" + i + "]";
            String key = Tree.text(toleration, "key");
            String operator = Tree.text(toleration, "operator");
            if (!key.isEmpty()) {
                Check.name(key, NameFormat::qualifiedName, here + ".key", errors);
            } else if (!operator.equals("Exists")) {
                errors.add(FieldError.invalid(
                        here + ".operator",
                        operator,
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            }
            Check.oneOf(toleration, "operator", here, Set.of("Equal", "Exists", "Gt", "Lt"), errors);
            if (operator.equals("Exists") && !Tree.text(toleration, "value").isEmpty()) {
                errors.add(FieldError.invalid(
                        here + ".operator",
                        Tree.text(toleration, "value"),
                        "value must be empty when `operator` is 'Exists'"));
            }
            Check.oneOf(toleration, "effect", here, TAINT_EFFECTS, errors);
            if (toleration.has("tolerationSeconds")
                    && !Tree.text(toleration, "effect").equals("NoExecute")) {
                errors.add(FieldError.invalid(
                        here + ".effect",
                        Tree.text(toleration, "effect"),
                        "effect must be 'NoExecute' when `tolerationSeconds` is set"));
            }
        }
    }

    private void topologySpread() {
        List<ObjectNode> constraints = Tree.items(spec, "topologySpreadConstraints");
        for (int i = 0; i < constraints.size(); i++) {
            ObjectNode constraint = constraints.get(i);
            String here = path + ".topologySpreadConstraints[" + i + "]";
            if (constraint.path("maxSkew").asInt(0) <= 0) {
                errors.add(FieldError.invalid(
                        here + ".maxSkew", constraint.path("maxSkew").asInt(0), "must be greater than zero"));
            }
            if (Tree.text(constraint, "topologyKey").isEmpty()) {
                errors.add(FieldError.required(here + ".topologyKey", "can not be empty"));
            }
            if (Tree.text(constraint, "whenUnsatisfiable").isEmpty()) {
                errors.add(FieldError.notSupported(
                        here + ".whenUnsatisfiable", "", List.of("DoNotSchedule", "ScheduleAnyway")));
            }
            Check.oneOf(constraint, "whenUnsatisfiable", here, Set.of("DoNotSchedule", "ScheduleAnyway"), errors);
            Check.selector(constraint.path("labelSelector"), here + ".labelSelector", errors);
        }
    }

    private void affinity(JsonNode affinity) {
        String here = path + ".affinity";
        JsonNode node = affinity.path("nodeAffinity");
        if (node.has("requiredDuringSchedulingIgnoredDuringExecution")) {
            nodeSelector(
                    node.path("requiredDuringSchedulingIgnoredDuringExecution"),
                    here + ".nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution",
                    errors);
        }
        List<ObjectNode> preferred = Tree.items(node, "preferredDuringSchedulingIgnoredDuringExecution");
        for (int i = 0; i < preferred.size(); i++) {
            nodeSelectorTerm(
                    preferred.get(i).path("preference"),
                    here + ".nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[" + i + "].preference",
                    errors);
        }
        weights(node, here + ".nodeAffinity");
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            JsonNode terms = affinity.path(kind);
            String kindPath = here + "." + kind;
            weights(terms, kindPath);
            podAffinityTerms(
                    Tree.items(terms, "requiredDuringSchedulingIgnoredDuringExecution"),
                    "",
                    kindPath + ".requiredDuringSchedulingIgnoredDuringExecution");
            podAffinityTerms(
                    Tree.items(terms, "preferredDuringSchedulingIgnoredDuringExecution"),
                    "podAffinityTerm",
                    kindPath + ".preferredDuringSchedulingIgnoredDuringExecution");
        }
    }

    /** Adds what is wrong with a choice of nodes. */
    static void nodeSelector(JsonNode selector, String path, List<FieldError> errors) {
        List<ObjectNode> terms = Tree.items(selector, "nodeSelectorTerms");
        if (terms.isEmpty()) {
            errors.add(FieldError.required(path + ".nodeSelectorTerms", "must have at least one node selector term"));
        }
        for (int i = 0; i < terms.size(); i++) {
            nodeSelectorTerm(terms.get(i), path + ".nodeSelectorTerms[" + i + "]", errors);
        }
    }

    private static void nodeSelectorTerm(JsonNode term, String path, List<FieldError> errors) {
        List<ObjectNode> expressions = Tree.items(term, "matchExpressions");
        for (int i = 0; i < expressions.size(); i++) {
            ObjectNode expression = expressions.get(i);
            String here = path + ".matchExpressions[" + i + "]";
            int values = expression.path("values").size();
            switch (Tree.text(expression, "operator")) {
                case "In", "NotIn" -> {
                    if (values == 0) {
                        errors.add(FieldError.required(
                                here + ".values", "must be specified when `operator` is 'In' or 'NotIn'"));
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (values > 0) {
                        errors.add(FieldError.forbidden(
                                here + ".values",
                                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                    }
                }
                case "Gt", "Lt" -> {
                    if (values != 1) {
                        errors.add(FieldError.required(
                                here + ".values", "must be specified single value when `operator` is 'Lt' or 'Gt'"));
                    }
                }
                default ->
                    errors.add(FieldError.invalid(
                            here + ".operator", Tree.text(expression, "operator"), "not a valid selector operator"));
            }
            Check.name(Tree.text(expression, "key"), NameFormat::qualifiedName, here + ".key", errors);
        }
    }

    private void weights(JsonNode terms, String here) {
        List<ObjectNode> preferred = Tree.items(terms, "preferredDuringSchedulingIgnoredDuringExecution");
        for (int i = 0; i < preferred.size(); i++) {
            int weight = preferred.get(i).path("weight").asInt(0);
            if (weight < 1 || weight > 100) {
                errors.add(FieldError.invalid(
                        here + ".preferredDuringSchedulingIgnoredDuringExecution[" + i + "].weight",
                        weight,
                        "must be in the range 1-100"));
            }
        }
    }

    private void podAffinityTerms(List<ObjectNode> terms, String wrapper, String here) {
        for (int i = 0; i < terms.size(); i++) {
            String termPath = here + "[" + i + "]" + (wrapper.isEmpty() ? "" : "." + wrapper);
            JsonNode term = wrapper.isEmpty() ? terms.get(i) : terms.get(i).path(wrapper);
            if (Tree.text(term, "topologyKey").isEmpty()) {
                errors.add(FieldError.required(termPath + ".topologyKey", "can not be empty"));
            }
            Check.selector(term.path("labelSelector"), termPath + ".labelSelector", errors);
        }
    }
}
