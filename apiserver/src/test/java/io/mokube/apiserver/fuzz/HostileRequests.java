package io.mokube.apiserver.fuzz;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Makes requests out of chance: paths, parameters and selectors put together from words that mean something and from
 * bytes that mean nothing, bodies and patches that begin as good ones and are then spoiled.
 */
final class HostileRequests {

    static final String NAMESPACE = "fuzz";

    private static final String HOME = "/api/v1/namespaces/" + NAMESPACE;

    private static final List<String> WORDS = List.of(
            "api",
            "apis",
            "v1",
            "apps",
            "batch",
            "namespaces",
            NAMESPACE,
            "pods",
            "configmaps",
            "deployments",
            "scale",
            "status",
            "log",
            "proxy",
            "binding",
            "eviction",
            "token",
            "finalize",
            "watch",
            "openapi",
            "v2",
            "v3",
            "a",
            "..",
            ".",
            "",
            "%2F",
            "%2e%2e",
            "%00",
            "%",
            "%zz",
            ";",
            ";jsessionid=x",
            "*",
            "~",
            "\u00e9",
            "version",
            "metrics",
            "healthz",
            "readyz",
            "events",
            "services",
            "https:a:1",
            "customresourcedefinitions",
            "apiextensions.k8s.io");

    private static final List<String> PARAMETERS = List.of(
            "labelSelector",
            "fieldSelector",
            "limit",
            "continue",
            "resourceVersion",
            "resourceVersionMatch",
            "watch",
            "sendInitialEvents",
            "allowWatchBookmarks",
            "timeoutSeconds",
            "dryRun",
            "fieldValidation",
            "fieldManager",
            "force",
            "propagationPolicy",
            "gracePeriodSeconds",
            "orphanDependents",
            "pretty",
            "container",
            "tailLines",
            "sinceTime",
            "command",
            "includeObject",
            "ignoreStoreReadErrorWithClusterBreakingPotential");

    private static final List<String> VALUES = List.of(
            "a=b",
            "a!=b",
            "a in (b,c)",
            "a notin (b)",
            "!a",
            "a",
            "a>1",
            "metadata.name=a",
            "spec.nodeName!=b",
            "status.phase==x",
            "true",
            "false",
            "1",
            "0",
            "-1",
            "99999999999999999999",
            "NotOlderThan",
            "Exact",
            "All",
            "Strict",
            "Warn",
            "Foreground",
            "Orphan",
            "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0",
            "2026-01-01T00:00:00Z",
            "\\,=");

    private static final List<String> TYPES = List.of(
            "application/json",
            "application/yaml",
            "application/vnd.kubernetes.protobuf",
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml",
            "application/cbor",
            "text/plain",
            "",
            "application/json;charset=utf-16",
            "*/*;q=x");

    private static final List<String> ACCEPTS = List.of(
            "application/json",
            "*/*",
            "application/json;as=Table;v=v1;g=meta.k8s.io",
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            "application/yaml",
            "image/png",
            "a/b;q=9,",
            ";;,");

    /** Collections, and an object of each to begin with. */
    private static final List<Kind> KINDS = List.of(
            new Kind(HOME + "/pods", """
                    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"a":"b"},"finalizers":[]},
                     "spec":{"containers":[{"name":"c","image":"i","env":[{"name":"E","value":"v"},{"name":"F","valueFrom":
                     {"fieldRef":{"fieldPath":"metadata.name"}}}],"ports":[{"containerPort":80}],"resources":{"limits":
                     {"cpu":"100m","memory":"1Gi"}},"volumeMounts":[{"name":"v","mountPath":"/v"}],"livenessProbe":{"httpGet":
                     {"port":"http","path":"/"}}}],"volumes":[{"name":"v","emptyDir":{}}],"affinity":{"nodeAffinity":
                     {"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k",
                     "operator":"In","values":["v"]}]}]}}},"tolerations":[{"operator":"Exists"}]}}"""),
            new Kind(HOME + "/configmaps", """
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: a, annotations: &x {n: "1"}, labels: *x}
                    data:
                      text: |
                        line
                      number: "0x1F"
                    binaryData: {b: AAAA}
                    """),
            new Kind(HOME + "/services", """
                    {"apiVersion":"v1","kind":"Service","metadata":{"generateName":"a-"},"spec":{"type":"NodePort",
                     "clusterIP":"","selector":{"a":"b"},"ports":[{"port":80,"targetPort":"http","nodePort":30001}],
                     "sessionAffinity":"ClientIP","ipFamilies":["IPv4"]}}"""),
            new Kind("/apis/apps/v1/namespaces/" + NAMESPACE + "/deployments", """
                    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":1,"selector":
                     {"matchLabels":{"a":"b"}},"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":0}},"template":
                     {"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"""),
            new Kind("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", """
                    {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":
                     "cs.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"cs","kind":"C"},
                     "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
                     "properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":"self.a < 3 && self.b.size() > 0",
                     "message":"no"}],"properties":{"a":{"type":"integer","default":1,"maximum":9},"b":{"type":"string",
                     "pattern":"^a+$","maxLength":9}}}}}},"additionalPrinterColumns":[{"name":"A","type":"integer","jsonPath":
                     ".spec.a"}],"subresources":{"scale":{"specReplicasPath":".spec.a","statusReplicasPath":".status.a"}}}]}}"""),
            new Kind("/apis/example.org/v1/namespaces/" + NAMESPACE + "/things", """
                    {"apiVersion":"example.org/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"size":3,"text":"aaa",
                     "list":[{"name":"x","value":1}],"any":{"k":[1,2.5,null,true]}}}"""),
            new Kind("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """
                    {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":
                     {"verb":"get","resource":"pods","fieldSelector":{"rawSelector":"a=b"}}}}"""));

    private static final List<String> PATCHES = List.of("""
            [{"op":"add","path":"/metadata/labels","value":{"x":"y"}},{"op":"test","path":"/metadata/name","value":"a"},
             {"op":"move","from":"/spec","path":"/metadata/annotations"},{"op":"remove","path":"/spec/containers/0/~1~0"},
             {"op":"replace","path":"/spec/ports/-","value":1},{"op":"copy","from":"","path":"/spec/x"}]""", """
            {"metadata":{"labels":{"x":null,"y":"z"},"finalizers":["example.com/f"],"resourceVersion":"1"},"spec":null}""", """
            {"metadata":{"$patch":"merge","labels":{"$patch":"replace","x":"y"}},"spec":{"containers":[{"name":"c",
             "$patch":"delete"},{"name":"d","image":"i","$setElementOrder/ports":[{"containerPort":80}]}],
             "$setElementOrder/containers":[{"name":"d"}],"$retainKeys":["containers","strategy"],
             "$deleteFromPrimitiveList/finalizers":["x"]}}""", """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a}
            data: {x: "y"}
            """, """
            {"apiVersion":"example.org/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"list":[{"name":"x","value":2},
             {"name":"x","value":3}],"size":4}}""");

    /** What breaks parsers: put in the place of a part of a body. */
    private static final List<String> SPOILERS = List.of(
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "null",
            "[[[[[[[[[[[[[[[[",
            "{\"a\":{\"a\":{\"a\":{\"a\":",
            "1e999",
            "-0",
            "1E400000000",
            "0.0000000000000000000000000000001",
            "9223372036854775808",
            "\\ud800",
            "\\u0000",
            "\u0000",
            "\ufeff",
            "*a",
            "&a [*a,*a]",
            "<<: *x",
            "!!java.net.URL",
            "? :",
            "---\n",
            "\"metadata\":null",
            "\"metadata\":[]",
            "\"spec\":7",
            "\"name\":\"../x\"",
            "\"$patch\":\"replace\"",
            "\"x-kubernetes-preserve-unknown-fields\":true",
            "\"kind\":\"List\"",
            "100E",
            "1Ki",
            "-5m",
            "NaN",
            "(a+)+$",
            "self.map(x, self.map(y, y))",
            "k8s\0",
            "\t",
            "\r\n\r\n");

    private record Kind(String collection, String example) {}

    private HostileRequests() {}

    /** The next request, ready to be sent. */
    static byte[] next(FuzzedDataProvider data, String token) {
        return switch (data.consumeInt(0, 5)) {
            case 0 -> request(data, token, method(data), path(data) + query(data), new byte[0]);
            case 1 -> request(data, token, "GET", kind(data).collection() + query(data), new byte[0]);
            case 2 -> request(data, token, "GET", kind(data).collection() + selector(data), new byte[0]);
            case 3 -> write(data, token);
            default -> patch(data, token);
        };
    }

    private static Kind kind(FuzzedDataProvider data) {
        return data.pickValue(KINDS);
    }

    private static String method(FuzzedDataProvider data) {
        return data.pickValue(
                List.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "X"));
    }

    private static byte[] write(FuzzedDataProvider data, String token) {
        Kind kind = kind(data);
        boolean create = data.consumeBoolean();
        String path =
                kind.collection() + (create ? "" : "/a" + data.pickValue(List.of("", "", "/status", "/scale", "/x")));
        byte[] body = spoiled(data, kind.example());
        return request(data, token, create ? "POST" : "PUT", path + query(data), body);
    }

    private static byte[] patch(FuzzedDataProvider data, String token) {
        String path = kind(data).collection() + "/a"
                + data.pickValue(List.of("", "", "/status", "/scale", "/ephemeralcontainers"));
        byte[] body = spoiled(data, data.pickValue(PATCHES));
        return request(data, token, "PATCH", path + query(data), body);
    }

    private static String path(FuzzedDataProvider data) {
        StringBuilder path = new StringBuilder();
        for (int left = data.consumeInt(1, 8); left > 0; left--) {
            path.append('/').append(data.consumeInt(0, 7) == 0 ? data.consumeString(12) : data.pickValue(WORDS));
        }
        return path.toString();
    }

    private static String query(FuzzedDataProvider data) {
        StringBuilder query = new StringBuilder();
        for (int left = data.consumeInt(0, 3); left > 0; left--) {
            query.append(query.isEmpty() ? '?' : '&')
                    .append(data.pickValue(PARAMETERS))
                    .append('=');
            query.append(data.consumeBoolean() ? escaped(data.pickValue(VALUES)) : data.consumeString(16));
        }
        return query.toString();
    }

    private static String selector(FuzzedDataProvider data) {
        StringBuilder text = new StringBuilder();
        for (int left = data.consumeInt(1, 4); left > 0; left--) {
            text.append(text.isEmpty() ? "" : ",")
                    .append(data.consumeBoolean() ? data.pickValue(VALUES) : data.consumeString(24));
        }
        return (data.consumeBoolean() ? "?labelSelector=" : "?fieldSelector=") + escaped(text.toString());
    }

    /** A good body in which some stretches are replaced. */
    private static byte[] spoiled(FuzzedDataProvider data, String good) {
        byte[] body = good.getBytes(StandardCharsets.UTF_8);
        for (int left = data.consumeInt(0, 4); left > 0 && body.length > 0; left--) {
            int from = data.consumeInt(0, body.length - 1);
            int to = Math.min(body.length, from + data.consumeInt(0, 24));
            byte[] instead = data.consumeBoolean()
                    ? data.pickValue(SPOILERS).getBytes(StandardCharsets.UTF_8)
                    : data.consumeBytes(24);
            ByteArrayOutputStream spoiled = new ByteArrayOutputStream();
            spoiled.writeBytes(Arrays.copyOfRange(body, 0, from));
            spoiled.writeBytes(instead);
            spoiled.writeBytes(Arrays.copyOfRange(body, to, body.length));
            body = spoiled.toByteArray();
        }
        return body;
    }

    private static byte[] request(FuzzedDataProvider data, String token, String method, String target, byte[] body) {
        String head =
                method + " " + onOneLine(target) + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token
                        + "\r\nContent-Type: " + data.pickValue(TYPES)
                        + "\r\nAccept: " + data.pickValue(ACCEPTS)
                        + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        request.writeBytes(body);
        return request.toByteArray();
    }

    /** What would end the target, and what no HTTP server takes there, is escaped; wrong escapes stay as they are. */
    private static String onOneLine(String target) {
        StringBuilder line = new StringBuilder();
        target.chars()
                .forEach(each -> line.append(
                        each <= ' ' || each > '~' || "\"<>\\^`{|}#".indexOf(each) >= 0
                                ? escaped(String.valueOf((char) each))
                                : String.valueOf((char) each)));
        return line.toString();
    }

    private static String escaped(String value) {
        StringBuilder escaped = new StringBuilder();
        for (byte each : value.getBytes(StandardCharsets.UTF_8)) {
            boolean plain =
                    (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9');
            escaped.append(plain ? String.valueOf((char) each) : "%%%02X".formatted(each & 0xff));
        }
        return escaped.toString();
    }
}
