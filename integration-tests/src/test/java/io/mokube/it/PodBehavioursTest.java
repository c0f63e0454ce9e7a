package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.stub.StreamObserver;
import io.mokube.kubelet.probe.health.v1.HealthCheckRequest;
import io.mokube.kubelet.probe.health.v1.HealthCheckResponse;
import io.mokube.kubelet.probe.health.v1.HealthCheckResponse.ServingStatus;
import io.mokube.kubelet.probe.health.v1.HealthGrpc;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.runtime.cri.ImageArchive;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.testkit.Await;
import io.mokube.testkit.TestRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a pod's specification promises, in real containers on one node, one pod for each promise and all at once. Most look
 * for themselves, from inside, whether they got what they asked for, and say so by how they end; of the others kubectl tells.
 */
class PodBehavioursTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);

    /** What pods refer to. */
    private static final String OBJECTS = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {colour: red, size: big}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: keys}
            stringData: {password: hidden}
            ---
            apiVersion: node.k8s.io/v1
            kind: RuntimeClass
            metadata: {name: plain}
            handler: runc
            ---
            apiVersion: node.k8s.io/v1
            kind: RuntimeClass
            metadata: {name: absent}
            handler: no-such-handler
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: growing}
            data: {big: "OLD"}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: registry}
            type: kubernetes.io/dockerconfigjson
            stringData: {.dockerconfigjson: '{"auths": {"REGISTRY": {"auth": "LOGIN"}}}'}
            """;

    /** The length of a value that takes its time to be written. */
    private static final int MANY = 200_000;

    private static final AtomicReference<ServingStatus> HEALTH = new AtomicReference<>(ServingStatus.NOT_SERVING);

    private static @Nullable TestRegistry registry;

    private static @Nullable Server health;

    @TempDir
    private static Path folder;

    private static UpCluster cluster;

    /** The pods that check themselves, by their name: what stands in their specification. */
    private static final Map<String, String> CHECKED = new TreeMap<>();

    /** The others. */
    private static final Map<String, String> OBSERVED = new TreeMap<>();

    /** A pod whose only container runs a shell, which must end well. */
    private static void check(String name, String script, String container, String pod) {
        CHECKED.put(name, """
                  restartPolicy: Never
                  containers:
                    - name: main
                      image: mokube/demo:1
                      command:
                        - sh
                        - -c
                        - |
                          set -e
                          fail() { echo "$@" > /dev/termination-log; exit 1; }
                          is() { [ "$1" = "$2" ] || fail "not $2 but $1"; }
                %s
                %s
                %s
                """.formatted(
                        script.strip().indent(10),
                        container.strip().indent(6),
                        pod.strip().indent(2)));
    }

    private static void observe(String name, String spec) {
        OBSERVED.put(name, spec.strip().indent(2));
    }

    static {
        check("env", """
                is "$PLAIN" value
                is "$EXPANDED" "value and value, not \\$$(PLAIN)"
                is "$COLOUR$CFG_size$SECRET_password" redbighidden
                is "${ABSENT-none}" none
                is "$NAME/$NS" env/default
                is "$LABEL" env; is "$NOTE" kept
                [ ${#UID_} = 36 ]; [ -n "$IP" ]; [ -n "$HOST" ]; is "$NODE" node-1; is "$ACCOUNT" default
                is "$CPU" 250; is "$MEMORY" 32
                """, """
                resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 250m, memory: 64Mi}}
                envFrom:
                  - {prefix: CFG_, configMapRef: {name: settings}}
                  - {prefix: SECRET_, secretRef: {name: keys}}
                  - {configMapRef: {name: nowhere, optional: true}}
                env:
                  - {name: PLAIN, value: value}
                  - {name: EXPANDED, value: "$(PLAIN) and $(PLAIN), not $$(PLAIN)"}
                  - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
                  - {name: ABSENT, valueFrom: {secretKeyRef: {name: keys, key: nothing, optional: true}}}
                  - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                  - {name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
                  - {name: UID_, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
                  - {name: LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['name']"}}}
                  - {name: NOTE, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['note']"}}}
                  - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                  - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                  - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
                  - {name: ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
                  - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
                  - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: requests.memory, divisor: 1Mi}}}
                """, "");
        check("downward-files", """
                grep -q 'name="downward-files"' /info/labels; grep -q 'note="kept"' /info/annotations
                is "$(cat /info/cpu)" 2; is "$(stat -L -c %a /info/cpu)" 400; is "$(stat -L -c %a /info/labels)" 644
                """, """
                resources: {limits: {cpu: 1500m}}
                volumeMounts: [{name: info, mountPath: /info}]
                """, """
                volumes:
                  - name: info
                    downwardAPI:
                      items:
                        - {path: labels, fieldRef: {fieldPath: metadata.labels}}
                        - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
                        - {path: cpu, mode: 0400, resourceFieldRef: {containerName: main, resource: limits.cpu}}
                """);
        check("empty-dirs", """
                grep -q ' /memory tmpfs ' /proc/mounts; is "$(df -k /memory | tail -1 | awk '{print $2}')" 1024
                is "$(stat -c %a /disk)" 777; echo x > /disk/file; is "$(cat /disk/file)" x
                """, """
                volumeMounts: [{name: memory, mountPath: /memory}, {name: disk, mountPath: /disk}]
                """, """
                volumes: [{name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}, {name: disk, emptyDir: {}}]
                """);
        check("sub-paths", """
                is "$(cat /one)" red; [ -d /disk/sub-paths ]; touch /own/here; [ -f /disk/sub-paths/here ]
                if touch /fixed/x 2>/dev/null; then fail "writable"; fi
                """, """
                env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
                volumeMounts:
                  - {name: settings, mountPath: /one, subPath: colour}
                  - {name: disk, mountPath: /disk}
                  - {name: disk, mountPath: /own, subPathExpr: $(NAME)}
                  - {name: disk, mountPath: /fixed, readOnly: true}
                """, """
                volumes: [{name: settings, configMap: {name: settings}}, {name: disk, emptyDir: {}}]
                """);
        check("modes-and-groups", """
                is "$(id -u):$(id -g)" 1000:3000; is "$(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ' ')" "2000 3000 4000 "
                is "$(stat -L -c %a:%g /keys/password)" 440:2000; is "$(cat /keys/password)" hidden
                is "$(stat -L -c %a /chosen/it)" 444; is "$(stat -c %g /disk)" 2000; touch /disk/x
                is "$(stat -c %g /disk/x)" 2000
                """, """
                volumeMounts: [{name: keys, mountPath: /keys}, {name: chosen, mountPath: /chosen}, {name: disk, mountPath: /disk}]
                """, """
                securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000]}
                volumes:
                  - {name: keys, secret: {secretName: keys, defaultMode: 0400}}
                  - {name: chosen, configMap: {name: settings, items: [{key: colour, path: it, mode: 0444}]}}
                  - {name: disk, emptyDir: {}}
                """);
        check("projected", """
                is "$(cat /all/name /all/deep/colour /all/password)" "projectedredhidden"
                is "$(tr -dc . < /all/token)" ..
                is "$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)" default
                grep -q BEGIN /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
                """, """
                volumeMounts: [{name: all, mountPath: /all}]
                """, """
                volumes:
                  - name: all
                    projected:
                      sources:
                        - {configMap: {name: settings, items: [{key: colour, path: deep/colour}]}}
                        - {secret: {name: keys}}
                        - {downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
                        - {serviceAccountToken: {path: token, audience: other, expirationSeconds: 600}}
                """);
        check("security", """
                s() { grep "^$1:" /proc/self/status | tr -d '[:space:]'; }
                is "$(s CapEff)" CapEff:0000000000001000; is "$(s NoNewPrivs)" NoNewPrivs:1; is "$(s Seccomp)" Seccomp:2
                if touch /x 2>/dev/null; then fail "the root is writable"; fi
                """, """
                securityContext:
                  readOnlyRootFilesystem: true
                  allowPrivilegeEscalation: false
                  capabilities: {drop: [ALL], add: [NET_ADMIN]}
                  seccompProfile: {type: RuntimeDefault}
                """, "");
        check("unconfined", "is \"$(grep ^Seccomp: /proc/self/status | tr -d '[:space:]')\" Seccomp:0", """
                securityContext: {seccompProfile: {type: Unconfined}}
                """, "");
        check("kernel-parameters", "is \"$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)\" 80", "", """
                securityContext: {sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "80"}]}
                """);
        check("host-namespaces", """
                for each in net ipc pid; do readlink /proc/self/ns/$each; done > /tmp/own
                is "$(tr '\\n' ' ' < /tmp/own)" "HOST-NAMESPACES"
                """, "", "hostNetwork: true\nhostPID: true\nhostIPC: true");
        check("shared-processes", """
                until ps | grep -q 'sleep 987$'; do sleep 0.1; done
                [ "$$$$" != 1 ]
                """, "", """
                shareProcessNamespace: true
                initContainers: [{name: other, image: "mokube/demo:1", restartPolicy: Always, command: [sleep, "987"]}]
                """);
        check("names", """
                is "$(hostname)" alice; grep -q '10.1.2.3.*far.*far.away' /etc/hosts
                is "$(tr '\\n' ';' < /etc/resolv.conf)" "search one.test;nameserver 192.0.2.1;options ndots:3;"
                """, "", """
                hostname: alice
                hostAliases: [{ip: 10.1.2.3, hostnames: [far, far.away]}]
                dnsPolicy: None
                dnsConfig: {nameservers: [192.0.2.1], searches: [one.test], options: [{name: ndots, value: "3"}]}
                """);
        check(
                "own-limits",
                """
                one() { for each in "$@"; do [ ! -f /sys/fs/cgroup/$each ] || cat /sys/fs/cgroup/$each; done; }
                is "$(one memory/memory.limit_in_bytes memory.max)" 67108864
                is "$(one cpu/cpu.cfs_quota_us cpu.max | cut -d ' ' -f 1)" 25000
                is "$(one pids/pids.max pids.max | tr -d 0-9)" max
                """,
                "resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 250m, memory: 64Mi}}",
                "");
        check("sub-path-of-a-user", """
                touch /own/x; is "$(stat -c %a /own)" 777
                """, "volumeMounts: [{name: disk, mountPath: /own, subPath: deep/down}]", """
                securityContext: {runAsUser: 1000}
                volumes: [{name: disk, emptyDir: {}}]
                """);
        check("host-paths", """
                [ -d /folder ]; [ -f /file ]; [ -S /socket ]; [ -c /device ]; is "$(stat -c %a /made /new | tr '\\n' ' ')" "755 644 "
                """, """
                volumeMounts:
                  - {name: folder, mountPath: /folder}
                  - {name: file, mountPath: /file}
                  - {name: socket, mountPath: /socket}
                  - {name: device, mountPath: /device}
                  - {name: made, mountPath: /made}
                  - {name: new, mountPath: /new}
                """, """
                volumes:
                  - {name: folder, hostPath: {path: FOLDER, type: Directory}}
                  - {name: file, hostPath: {path: FOLDER/pods.yaml, type: File}}
                  - {name: socket, hostPath: {path: FOLDER/socket, type: Socket}}
                  - {name: device, hostPath: {path: /dev/null, type: CharDevice}}
                  - {name: made, hostPath: {path: FOLDER/made, type: DirectoryOrCreate}}
                  - {name: new, hostPath: {path: FOLDER/new, type: FileOrCreate}}
                """);
        check(
                "own-profile",
                """
                touch /tmp/x; is "$(grep ^Seccomp: /proc/self/status | tr -d '[:space:]')" Seccomp:2
                if chmod 700 /tmp/x 2>/dev/null; then fail "chmod works"; fi
                """,
                "securityContext: {seccompProfile: {type: Localhost, localhostProfile: own/no-chmod.json}}",
                "");
        check("whole-values", """
                until other=$(cat /settings/big | tr -d a | wc -c); [ "$other" != 0 ]; do touch /tmp/seen; done
                is "$other" 200000; [ -f /tmp/seen ]
                """, "volumeMounts: [{name: settings, mountPath: /settings}]", """
                volumes: [{name: settings, configMap: {name: growing}}]
                """);
        check("runtime-class", "true", "", "runtimeClassName: plain");
        check("init-order", """
                is "$(cat /disk/log | tr '\\n' ' ')" "first sidecar second "
                """, """
                volumeMounts: [{name: disk, mountPath: /disk}]
                """, """
                volumes: [{name: disk, emptyDir: {}}]
                initContainers:
                  - {name: first, image: "mokube/demo:1", command: [sh, -c, "echo first >> /disk/log"],
                     volumeMounts: [{name: disk, mountPath: /disk}]}
                  - name: sidecar
                    image: mokube/demo:1
                    restartPolicy: Always
                    command: [sh, -c, "sleep 1; echo sidecar >> /disk/log; sleep 1000"]
                    volumeMounts: [{name: disk, mountPath: /disk}]
                    startupProbe: {exec: {command: [test, -f, /disk/log, -a, -s, /disk/log]}, periodSeconds: 1}
                  - {name: second, image: "mokube/demo:1", command: [sh, -c, "until grep -q sidecar /disk/log; do :; done; echo second >> /disk/log"],
                     volumeMounts: [{name: disk, mountPath: /disk}]}
                """);

        observe("ended-badly", """
                restartPolicy: Never
                containers: [{name: c, image: "mokube/demo:1", command: [sh, -c, "echo so long; exit 3"], terminationMessagePolicy: FallbackToLogsOnError}]
                """);
        observe("own-last-words", """
                restartPolicy: Never
                containers: [{name: c, image: "mokube/demo:1", command: [sh, -c, "echo bye > /tmp/words"], terminationMessagePath: /tmp/words}]
                """);
        check("image-volumes", """
                is "$(sh /all/tools/hello)" hello
                is "$(cat /file)" "echo hello"
                is "$(ls /part)" hello
                is "$(ls /named)" hello
                is "$(ls /disk/hosts)" /disk/hosts
                /part/hello 2> /tmp/said && fail "ran a program of a volume"
                grep -q "Permission denied" /tmp/said || fail "$(cat /tmp/said)"
                touch /all/x 2> /tmp/said && fail "wrote to a volume"
                grep -q "Read-only file system" /tmp/said || fail "$(cat /tmp/said)"
                """, """
                env: [{name: PART, value: tools}]
                volumeMounts:
                  - {name: tools, mountPath: /all}
                  - {name: tools, mountPath: /part, subPath: tools}
                  - {name: tools, mountPath: /named, subPathExpr: $(PART)}
                  - {name: tools, mountPath: /file, subPath: tools/hello}
                  - {name: disk, mountPath: /disk}
                """, """
                initContainers:
                  - {name: before, image: "mokube/demo:1", command: [cp, /all/bin/busybox, /disk/hosts],
                     volumeMounts: [{name: tools, mountPath: /all}, {name: disk, mountPath: /disk}]}
                volumes: [{name: tools, image: {reference: "mokube/tools:1"}}, {name: disk, emptyDir: {}}]
                """);
        observe("image-stays", """
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sleep, "1000"], volumeMounts: [{name: v, mountPath: /v}]}]
                volumes: [{name: v, image: {reference: "mokube/stays:1"}}]
                """);
        String withImage = """
                containers: [{name: c, image: "mokube/demo:1", volumeMounts: [{name: v, mountPath: /v%s}]}]
                volumes: [{name: v, image: {reference: "%s", pullPolicy: %s}}]
                """;
        observe("image-never-pulled", withImage.formatted("", "nowhere.test/x:1", "Never"));
        observe("image-unreachable", withImage.formatted("", "127.0.0.1:1/x:1", "Always"));
        observe("image-without-part", withImage.formatted(", subPath: no/such", "mokube/tools:1", "IfNotPresent"));
        observe("image-logged-in", """
                restartPolicy: Never
                imagePullSecrets: [{name: registry}]
                containers: [{name: c, image: "mokube/demo:1", command: [test, -f, /v/bin/busybox], volumeMounts: [{name: v, mountPath: /v}]}]
                volumes: [{name: v, image: {reference: "REGISTRY/demo:1", pullPolicy: Always}}]
                """);
        observe("crashes", "containers: [{name: c, image: \"mokube/demo:1\", command: [\"false\"]}]");
        observe("too-much-memory", """
                restartPolicy: Never
                containers: [{name: c, image: "mokube/demo:1", command: [sh, -c, "sleep 1; tail /dev/zero"], resources: {limits: {memory: 16Mi}}}]
                """);
        observe("too-late", """
                activeDeadlineSeconds: 2
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sleep, "1000"]}]
                """);
        observe("no-program", """
                restartPolicy: Never
                containers: [{name: c, image: "mokube/demo:1", command: [no-such-program]}]
                """);
        observe("never-pulled", "containers: [{name: c, image: \"nowhere.test/x:1\", imagePullPolicy: Never}]");
        observe("unreachable", "containers: [{name: c, image: \"127.0.0.1:1/x:1\"}]");
        observe("no-image-name", "containers: [{name: c, image: \"mokube/UPPER\"}]");
        observe("root-refused", """
                securityContext: {runAsNonRoot: true}
                containers: [{name: c, image: "mokube/demo:1"}]
                """);
        observe("waits-for-settings", """
                restartPolicy: Never
                containers: [{name: c, image: "mokube/demo:1", command: ["true"], envFrom: [{configMapRef: {name: later}}]}]
                """);
        observe("no-handler", "runtimeClassName: absent\ncontainers: [{name: c, image: \"mokube/demo:1\"}]");
        observe("no-folder", """
                volumes: [{name: v, hostPath: {path: /no/such/folder, type: Directory}}]
                containers: [{name: c, image: "mokube/demo:1", volumeMounts: [{name: v, mountPath: /v}]}]
                """);
        observe("gated", """
                readinessGates: [{conditionType: example.com/open}]
                containers: [{name: c, image: "mokube/demo:1"}]
                """);
        observe("probed", """
                terminationGracePeriodSeconds: 1
                containers:
                  - name: web
                    image: mokube/demo:1
                    startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 30}
                    readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, successThreshold: 2}
                  - name: unready
                    image: mokube/demo:1
                    command: [sleep, "1000"]
                    readinessProbe: {exec: {command: [test, -f, /tmp/ready]}, periodSeconds: 4}
                  - name: unwell
                    image: mokube/demo:1
                    command: [sh, -c, "touch /tmp/well; sleep 1000"]
                    livenessProbe: {exec: {command: [test, -f, /tmp/well]}, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1}
                """);
        observe("hooked", """
                terminationGracePeriodSeconds: 10
                volumes: [{name: host, hostPath: {path: "FOLDER/hooks", type: DirectoryOrCreate}}]
                containers:
                  - name: c
                    image: mokube/demo:1
                    command: [sh, -c, "trap 'echo term >> /host/log; exit 0' TERM; while true; do sleep 0.1; done"]
                    volumeMounts: [{name: host, mountPath: /host}]
                    lifecycle:
                      postStart: {exec: {command: [sh, -c, "echo start >> /host/log"]}}
                      preStop: {exec: {command: [sh, -c, "echo stop >> /host/log"]}}
                """);
        observe("followed", """
                terminationGracePeriodSeconds: 10
                volumes: [{name: host, hostPath: {path: "FOLDER/order", type: DirectoryOrCreate}}]
                initContainers:
                  - {name: first, image: "mokube/demo:1", restartPolicy: Always, volumeMounts: [{name: host, mountPath: /host}],
                     command: [sh, -c, "trap 'echo first >> /host/log; exit 0' TERM; while true; do sleep 0.1; done"]}
                  - {name: second, image: "mokube/demo:1", restartPolicy: Always, volumeMounts: [{name: host, mountPath: /host}],
                     command: [sh, -c, "trap 'echo second >> /host/log; exit 0' TERM; while true; do sleep 0.1; done"]}
                containers:
                  - {name: main, image: "mokube/demo:1", volumeMounts: [{name: host, mountPath: /host}],
                     command: [sh, -c, "trap 'sleep 1; echo main >> /host/log; exit 0' TERM; while true; do sleep 0.1; done"]}
                """);
        observe("resized", """
                terminationGracePeriodSeconds: 1
                containers:
                  - name: still
                    image: mokube/demo:1
                    command: [sleep, "1000"]
                    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 250m, memory: 64Mi}}
                  - name: again
                    image: mokube/demo:1
                    command: [sleep, "1000"]
                    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 250m, memory: 64Mi}}
                    resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]
                """);
        observe("guaranteed", """
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sleep, "1000"], resources: {limits: {cpu: 100m, memory: 32Mi}}}]
                """);
        observe("propagates", """
                terminationGracePeriodSeconds: 1
                volumes: [{name: host, hostPath: {path: FOLDER/shared, type: Directory}}]
                containers:
                  - {name: open, image: "mokube/demo:1", command: [sleep, "1000"], volumeMounts: [{name: host, mountPath: /host, mountPropagation: HostToContainer}]}
                  - {name: shut, image: "mokube/demo:1", command: [sleep, "1000"], volumeMounts: [{name: host, mountPath: /host}]}
                """);
        observe("second-try", """
                restartPolicy: OnFailure
                volumes: [{name: disk, emptyDir: {}}]
                containers: [{name: c, image: "mokube/demo:1", volumeMounts: [{name: disk, mountPath: /disk}],
                  command: [sh, -c, "[ -f /disk/tried ] || { touch /disk/tried; exit 1; }"]}]
                """);
        observe("bad-start", """
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", lifecycle: {postStart: {exec: {command: ["false"]}}}}]
                """);
        observe("healthy", """
                hostNetwork: true
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sleep, "1000"], readinessProbe: {grpc: {port: HEALTH}, periodSeconds: 1}}]
                """);
        observe("logged-in", """
                restartPolicy: Never
                imagePullSecrets: [{name: registry}]
                containers: [{name: c, image: "REGISTRY/demo:1", imagePullPolicy: Always, command: ["true"]}]
                """);
        observe("not-logged-in", """
                imagePullSecrets: [{name: nothing}]
                containers: [{name: c, image: "REGISTRY/demo:1", imagePullPolicy: Always}]
                """);
        observe("noisy", """
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sh, -c, "echo first; yes a line of some length that says nothing | head -c 11000000; while true; do echo tick; sleep 0.2; done"]}]
                """);
        observe("talks", """
                terminationGracePeriodSeconds: 1
                containers: [{name: c, image: "mokube/demo:1", command: [sh, -c, "for i in 1 2 3 4 5; do echo line $i; done; while [ ! -f /tmp/end ]; do sleep 0.1; done; echo last"]}]
                """);
    }

    @BeforeAll
    static void up() throws Exception {
        cluster = UpCluster.start(1);
        for (String name : List.of("tools", "stays")) {
            Path archive = folder.resolve(name + ".tar");
            ImageArchive.busybox(
                            List.of("sh"), Map.of("/" + name + "/hello", "echo hello".getBytes(StandardCharsets.UTF_8)))
                    .write("docker.io/mokube/" + name + ":1", archive);
            MokubeCommand.ok(cluster.data(), "image", "load", archive.toString());
        }
        Path archive = folder.resolve("demo.tar");
        DemoImage.write(archive);
        registry = TestRegistry.start(archive, Files.createDirectory(folder.resolve("image")));
        health = healthServer().build().start();
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(folder.resolve("socket")));
        }
        Path shared = Files.createDirectory(folder.resolve("shared"));
        host("mount", "--bind", shared.toString(), shared.toString());
        host("mount", "--make-shared", shared.toString());
        Path profiles = Files.createDirectories(
                new ClusterFolder(cluster.data()).kubelet("node-1").resolve("seccomp/own"));
        Files.writeString(profiles.resolve("no-chmod.json"), """
                {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                  {"names": ["chmod", "fchmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"}]}""");
        StringBuilder manifest = new StringBuilder(OBJECTS);
        Map<String, String> all = new TreeMap<>(CHECKED);
        all.putAll(OBSERVED);
        all.forEach((name, spec) -> manifest.append("""
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, labels: {name: %1$s}, annotations: {note: kept}}
                spec:
                %2$s
                """.formatted(name, spec)));
        Path file = folder.resolve("pods.yaml");
        Files.writeString(file, filledIn(manifest.toString()));
        ok("apply", "-f", file.toString());
        Await.until(
                PATIENCE,
                "the old value was read",
                () -> Kubectl.any()
                                .run(cluster.kubeconfig(), "exec", "whole-values", "--", "test", "-f", "/tmp/seen")
                                .code()
                        == 0);
        Path patch = folder.resolve("patch.json");
        Files.writeString(patch, "{\"data\": {\"big\": \"" + "b".repeat(MANY) + "\"}}");
        ok("patch", "configmap", "growing", "--type=merge", "--patch-file=" + patch);
    }

    private static String filledIn(String manifest) {
        String login = TestRegistry.USER + ":" + TestRegistry.PASSWORD;
        return manifest.replace("FOLDER", folder.toString())
                .replace("HOST-NAMESPACES", hostNamespaces())
                .replace("REGISTRY", Objects.requireNonNull(registry).address())
                .replace("LOGIN", Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)))
                .replace("HEALTH", String.valueOf(Objects.requireNonNull(health).getPort()))
                .replace("OLD", "a".repeat(MANY));
    }

    /** Says how it is, for pods in the host's network. */
    private static ServerBuilder<?> healthServer() {
        return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new HealthGrpc.HealthImplBase() {
                    @Override
                    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> answer) {
                        answer.onNext(HealthCheckResponse.newBuilder()
                                .setStatus(HEALTH.get())
                                .build());
                        answer.onCompleted();
                    }
                });
    }

    private static void host(String... command) {
        Commands.run(List.of(command), Map.of(), Duration.ofSeconds(10)).orFail();
    }

    private static String hostNamespaces() {
        return Stream.of("net", "ipc", "pid")
                .map(each -> {
                    try {
                        return Files.readSymbolicLink(Path.of("/proc/self/ns", each)) + " ";
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .collect(Collectors.joining());
    }

    @AfterAll
    static void down() throws IOException {
        if (cluster != null) {
            cluster.close();
        }
        Path shared = folder.resolve("shared");
        for (Path mounted : List.of(shared.resolve("later"), shared)) {
            Commands.run(List.of("umount", mounted.toString()), Map.of(), Duration.ofSeconds(10));
        }
        if (health != null) {
            health.shutdownNow();
        }
        if (registry != null) {
            registry.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> getsWhatItAskedFor() {
        return CHECKED.keySet().stream()
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    String phase = Await.value(
                            PATIENCE,
                            name + " has ended",
                            () -> Optional.of(get(name, "{.status.phase}"))
                                    .filter(seen -> seen.equals("Succeeded") || seen.equals("Failed")));
                    assertThat(phase + get(name, "{..terminated.message}"))
                            .as(() -> ok("logs", name))
                            .isEqualTo("Succeeded");
                }));
    }

    /** What kubectl shows in the column STATUS, and behind it. */
    @TestFactory
    Stream<DynamicTest> saysWhatIsWrong() {
        return Map.ofEntries(
                        Map.entry("ended-badly", "Error +0 .*\nso long"),
                        Map.entry("own-last-words", "Completed +0 .*\nbye"),
                        Map.entry("crashes", "CrashLoopBackOff +[1-9].*"),
                        Map.entry("too-much-memory", "OOMKilled +0 .*"),
                        Map.entry("too-late", "(Error|ContainerStatusUnknown) +0 .*"),
                        Map.entry("no-program", "(RunContainerError|StartError|ContainerCannotRun) +0 .*"),
                        Map.entry("never-pulled", "ErrImageNeverPull +0 .*"),
                        Map.entry("unreachable", "(ErrImagePull|ImagePullBackOff) +0 .*"),
                        Map.entry("no-image-name", "InvalidImageName +0 .*"),
                        Map.entry("root-refused", "CreateContainerConfigError +0 .*"),
                        Map.entry("second-try", "Completed +1 .*"),
                        Map.entry("logged-in", "Completed +0 .*"),
                        Map.entry("not-logged-in", "(ErrImagePull|ImagePullBackOff) +0 .*"),
                        Map.entry("image-never-pulled", "ErrImageNeverPull +0 .*"),
                        Map.entry("image-unreachable", "(ErrImagePull|ImagePullBackOff) +0 .*"),
                        Map.entry("image-without-part", "CreateContainerError +0 .*"),
                        Map.entry("image-logged-in", "Completed +0 .*"),
                        Map.entry("no-handler", "ContainerCreating +0 .*"),
                        Map.entry("no-folder", "ContainerCreating +0 .*"))
                .entrySet()
                .stream()
                .map(each -> DynamicTest.dynamicTest(
                        each.getKey(),
                        () -> Await.passes(PATIENCE, () -> {
                            String line = ok("get", "pod", each.getKey(), "--no-headers");
                            String message = get(each.getKey(), "{..state.terminated.message}");
                            assertThat(line.strip() + "\n" + message)
                                    .matches("(?s)" + each.getKey() + " +\\d/1 +" + each.getValue() + "\n*.*");
                        })));
    }

    @Test
    void eventsSayWhy() {
        Map.of(
                        "no-folder", "hostPath type check failed: /no/such/folder is not a directory",
                        "root-refused", "container has runAsNonRoot and image will run as root",
                        "crashes", "Back-off restarting failed container",
                        "no-handler", "no-such-handler",
                        "unreachable", "Failed to pull image",
                        "image-unreachable", "Failed to pull image \"127.0.0.1:1/x:1\"",
                        "bad-start", "FailedPostStartHook",
                        "logged-in", "Successfully pulled image",
                        "not-logged-in", "Unable to retrieve some image pull secrets (nothing)")
                .forEach((pod, words) -> Await.passes(
                        PATIENCE,
                        () -> assertThat(ok("get", "events", "--field-selector=involvedObject.name=" + pod))
                                .contains(words)));
    }

    @Test
    void startsWhenItsSettingsCome() {
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pod", "waits-for-settings", "--no-headers"))
                        .contains("CreateContainerConfigError"));
        ok("create", "configmap", "later", "--from-literal=x=y");
        ok("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/waits-for-settings", "--timeout=60s");
    }

    @Test
    void readyOnlyWhenItsGateIsOpen() {
        ok("wait", "--for=condition=ContainersReady", "pod/gated", "--timeout=90s");
        assertThat(get("gated", "{.status.conditions[?(@.type==\"Ready\")]['status','reason','message']}"))
                .contains("False ReadinessGatesNotReady")
                .contains("example.com/open");
        ok(
                "patch",
                "pod",
                "gated",
                "--subresource=status",
                "--type=strategic",
                "-p",
                "{\"status\":{\"conditions\":[{\"type\":\"example.com/open\",\"status\":\"True\"}]}}");
        ok("wait", "--for=condition=Ready", "pod/gated", "--timeout=60s");
    }

    @Test
    void probesDecideWhoIsReadyAndWhoLives() {
        Await.passes(
                PATIENCE,
                () -> assertThat(containers("probed", "ready")).isEqualTo("unready=false unwell=true web=true"));
        ok("exec", "probed", "-c", "unready", "--", "touch", "/tmp/ready");
        ok("wait", "--for=condition=Ready", "pod/probed", "--timeout=60s");
        ok("exec", "probed", "-c", "unwell", "--", "rm", "/tmp/well");
        Await.passes(
                PATIENCE, () -> assertThat(containers("probed", "restartCount")).isEqualTo("unready=0 unwell=1 web=0"));
        Await.passes(() -> assertThat(ok("get", "events", "--field-selector=involvedObject.name=probed"))
                .contains("Liveness probe failed")
                .contains("Container unwell failed liveness probe, will be restarted")
                .contains("Readiness probe failed"));
    }

    private static String containers(String pod, String field) {
        String list = get(pod, "{range .status.containerStatuses[*]}{.name}={." + field + "} {end}");
        return Stream.of(list.split(" ")).sorted().collect(Collectors.joining(" "));
    }

    @Test
    void hooksRunBeforeAndAfter() throws IOException {
        ok("wait", "--for=condition=Ready", "pod/hooked", "--timeout=90s");
        ok("delete", "pod", "hooked");
        assertThat(folder.resolve("hooks/log")).content().isEqualTo("start\nstop\nterm\n");
    }

    @Test
    void sidecarsEndAfterTheOthersTheLastOneFirst() throws IOException {
        ok("wait", "--for=condition=Ready", "pod/followed", "--timeout=90s");
        ok("delete", "pod", "followed");
        assertThat(folder.resolve("order/log")).content().isEqualTo("main\nsecond\nfirst\n");
    }

    @Test
    void resizedWhereItRunsOrByARestart() {
        ok("wait", "--for=condition=Ready", "pod/resized", "--timeout=90s");
        String before = container("resized", "still", "containerID");
        String wanted = "{\"limits\": {\"cpu\": \"500m\", \"memory\": \"98304Ki\"}}";
        ok(
                "patch",
                "pod",
                "resized",
                "--subresource=resize",
                "-p",
                "{\"spec\": {\"containers\": [{\"name\": \"still\", \"resources\": " + wanted
                        + "}, {\"name\": \"again\", \"resources\": " + wanted + "}]}}");
        Await.passes(PATIENCE, () -> {
            assertThat(limits("still")).isEqualTo("100663296 50000");
            assertThat(limits("again")).isEqualTo("100663296 50000");
            for (String name : List.of("still", "again")) {
                assertThat(container("resized", name, "resources.limits.memory"))
                        .isEqualTo("96Mi");
            }
        });
        assertThat(container("resized", "still", "containerID")).isEqualTo(before);
        assertThat(containers("resized", "restartCount")).isEqualTo("again=1 still=0");
        Await.passes(
                PATIENCE,
                () -> assertThat(get("resized", "{.status.conditions[*].type}")).doesNotContain("PodResize"));
    }

    /** The memory limit and the share of time, as the kernel has them. */
    private static String limits(String container) {
        return ok(
                        "exec",
                        "resized",
                        "-c",
                        container,
                        "--",
                        "sh",
                        "-c",
                        "cd /sys/fs/cgroup; if [ -f memory.max ]; then cat memory.max; cut -d ' ' -f 1 cpu.max;"
                                + " else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; fi")
                .strip()
                .replace('\n', ' ');
    }

    @Test
    void podsAreInTheGroupsOfTheirClasses() {
        Map.of("guaranteed", "Guaranteed", "resized", "Burstable", "gated", "BestEffort")
                .forEach((pod, qosClass) -> {
                    ok("wait", "--for=condition=ContainersReady", "pod/" + pod, "--timeout=90s");
                    assertThat(get(pod, "{.status.qosClass}")).isEqualTo(qosClass);
                    String group = "pod" + get(pod, "{.metadata.uid}");
                    String found = Commands.run(
                                    List.of("find", "/sys/fs/cgroup", "-maxdepth", "6", "-type", "d", "-name", group),
                                    Map.of(),
                                    Duration.ofSeconds(20))
                            .output();
                    assertThat(found.lines()).isNotEmpty().allSatisfy(path -> {
                        String above = path.substring(0, path.lastIndexOf('/'));
                        String parent = above.substring(above.lastIndexOf('/') + 1);
                        assertThat(List.of("burstable", "besteffort").contains(parent) ? parent : "guaranteed")
                                .isEqualTo(qosClass.toLowerCase(Locale.ROOT));
                    });
                });
    }

    @Test
    void mountsOfTheHostReachThoseWhoWantThem() throws IOException {
        ok("wait", "--for=condition=Ready", "pod/propagates", "--timeout=90s");
        Path later = Files.createDirectory(folder.resolve("shared/later"));
        host("mount", "-t", "tmpfs", "tmpfs", later.toString());
        Files.createFile(later.resolve("file"));
        assertThat(ok("exec", "propagates", "-c", "open", "--", "ls", "/host/later"))
                .isEqualTo("file\n");
        assertThat(ok("exec", "propagates", "-c", "shut", "--", "ls", "/host/later"))
                .isEmpty();
    }

    @Test
    void aServiceSaysItselfWhetherItIsReady() {
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "events", "--field-selector=involvedObject.name=healthy"))
                        .contains("Readiness probe failed: service unhealthy (responded with \"NOT_SERVING\")"));
        HEALTH.set(ServingStatus.SERVING);
        ok("wait", "--for=condition=Ready", "pod/healthy", "--timeout=60s");
    }

    @Test
    void whatLivedWithAPodGoesWhenItEnds() {
        String volumes = get("empty-dirs", "{.metadata.uid}") + "/volumes";
        ok("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/empty-dirs", "--timeout=90s");
        Await.passes(PATIENCE, () -> {
            assertThat(Path.of("/proc/self/mounts")).content().doesNotContain(volumes);
            assertThat(new ClusterFolder(cluster.data())
                            .kubelet("node-1")
                            .resolve("pods")
                            .resolve(volumes))
                    .doesNotExist();
        });
        assertThat(ok("logs", "empty-dirs")).isEmpty();
    }

    /** What a volume is made from stays while it is used, whatever becomes of its image; nothing stays after it. */
    @Test
    void imagesOfVolumesStayAsLongAsTheirPods() throws IOException {
        ok("wait", "--for=condition=Ready", "pod/image-stays", "--timeout=90s");
        Path socket = new ClusterFolder(cluster.data()).containerdSockets().getFirst();
        try (CriRuntime runtime = new CriRuntime(socket)) {
            runtime.removeImage("docker.io/mokube/stays:1");
        }
        assertThat(ok("exec", "image-stays", "--", "cat", "/v/stays/hello")).isEqualTo("echo hello");
        cluster.kill();
        // As from a pod that was forced away while the agent was about to remove it.
        Path pods = new ClusterFolder(cluster.data()).kubelet("node-1").resolve("pods");
        Path left = Files.createDirectories(pods.resolve("left-behind/volumes/kubernetes.io~empty-dir/memory"));
        host("mount", "-t", "tmpfs", "tmpfs", left.toString());
        cluster.up();
        Await.passes(PATIENCE, () -> assertThat(pods.resolve("left-behind")).doesNotExist());
        assertThat(ok("exec", "image-stays", "--", "cat", "/v/stays/hello")).isEqualTo("echo hello");
        String uid = get("image-stays", "{.metadata.uid}");
        assertThat(snapshots(socket)).contains(uid);
        ok("delete", "pod", "image-stays");
        Await.passes(PATIENCE, () -> {
            assertThat(snapshots(socket)).doesNotContain(uid);
            assertThat(Path.of("/proc/self/mounts")).content().doesNotContain(uid);
        });
    }

    private static String snapshots(Path socket) {
        return Commands.run(
                        List.of("ctr", "--address", socket.toString(), "--namespace", "k8s.io", "snapshots", "list"),
                        Map.of(),
                        Duration.ofSeconds(10))
                .orFail();
    }

    private static String container(String pod, String name, String field) {
        return get(pod, "{.status.containerStatuses[?(@.name==\"" + name + "\")]." + field + "}");
    }

    @Test
    void logsAsAskedFor() throws Exception {
        ok("wait", "--for=condition=Ready", "pod/talks", "--timeout=90s");
        Await.passes(() -> assertThat(ok("logs", "talks").lines()).hasSize(5));
        assertThat(ok("logs", "talks", "--tail=2")).isEqualTo("line 4\nline 5\n");
        assertThat(ok("logs", "talks", "--limit-bytes=6")).isEqualTo("line 1");
        assertThat(ok("logs", "talks", "--since=1h", "--timestamps", "--tail=1"))
                .matches("20\\S+Z line 5\n");
        assertThat(ok("logs", "talks", "--since-time=2100-01-01T00:00:00Z")).isEmpty();
        Path output = folder.resolve("followed");
        List<String> command =
                new ArrayList<>(List.of(Kubectl.any().binary().toString(), "logs", "-f", "talks", "--tail=1"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(output.toFile());
        builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
        Process following = builder.start();
        try {
            Await.until("the last line is there", () -> Files.readString(output).equals("line 5\n"));
            ok("exec", "talks", "--", "touch", "/tmp/end");
            assertThat(following.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(following.exitValue()).isZero();
            assertThat(output).content().isEqualTo("line 5\nlast\n");
        } finally {
            following.destroy();
        }
        Await.passes(
                PATIENCE, () -> assertThat(containers("talks", "restartCount")).isEqualTo("c=1"));
        assertThat(ok("logs", "talks", "--previous")).endsWith("line 5\nlast\n");
    }

    @Test
    void longLogsBeginAnew() {
        Await.passes(PATIENCE, () -> {
            assertThat(ok("logs", "noisy", "--limit-bytes=5")).isNotEqualTo("first");
            assertThat(ok("logs", "noisy", "--tail=1")).isEqualTo("tick\n");
        });
    }

    @Test
    void theNodeTellsWhatIsUsed() {
        ok("wait", "--for=condition=ContainersReady", "pod/gated", "--timeout=90s");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("top", "pod", "gated", "--no-headers")).containsPattern("gated +\\d+m +\\d+Mi"));
        assertThat(ok("get", "--raw", "/api/v1/nodes/node-1/proxy/stats/summary"))
                .contains("\"podRef\"", "\"gated\"");
        assertThat(ok("get", "--raw", "/api/v1/nodes/node-1/proxy/metrics/resource"))
                .contains("container_cpu_usage_seconds_total", "pod=\"gated\"");
        assertThat(ok("get", "--raw", "/api/v1/nodes/node-1/proxy/pods")).contains("\"gated\"");
    }

    private static String get(String pod, String path) {
        return ok("get", "pod", pod, "-o", "jsonpath=" + path);
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
