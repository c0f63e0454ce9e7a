package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.lifecycle.PodEvent;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerRuntime.RegistryLogin;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.volume.ConfigurationSource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Gets images by the pull policy of their containers. Pods that want one image at the same time pull it once. */
final class ImageSource {

    /** Registry, path, tag and digest, as far as the agent must tell a name from a typing error. */
    private static final Pattern REFERENCE =
            Pattern.compile("(?:[a-zA-Z0-9.\\[\\]:-]+/)?[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"
                    + "(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?");

    private final ContainerRuntime runtime;
    private final ConfigurationSource source;
    private final Clock clock;
    private final Map<String, ReentrantLock> pulls = new ConcurrentHashMap<>();

    ImageSource(ContainerRuntime runtime, ConfigurationSource source, Clock clock) {
        this.runtime = runtime;
        this.source = source;
        this.clock = clock;
    }

    /** Whether the image is there. */
    sealed interface Outcome {
        record Present(Image image) implements Outcome {}

        record Missing(String reason, String message) implements Outcome {}
    }

    Outcome get(Pod pod, PodContainer container, ActionExecutor.PodContext context) {
        String name = container.spec().getImage();
        String where = container.fieldPath();
        if (!REFERENCE.matcher(name).matches()) {
            String message = "Failed to apply default image tag \"" + name + "\": couldn't parse image name \"" + name
                    + "\": invalid reference format";
            context.tell(PodEvent.warning("InspectFailed", message, where));
            return new Outcome.Missing("InvalidImageName", message);
        }
        String policy = Objects.requireNonNullElse(container.spec().getImagePullPolicy(), "IfNotPresent");
        Optional<Image> present = runtime.imageStatus(name);
        if (present.isPresent() && !policy.equals("Always")) {
            return present(present.get(), name, where, context);
        }
        if (policy.equals("Never")) {
            String message = "Container image \"" + name + "\" is not present with pull policy of Never";
            context.tell(PodEvent.warning("ErrImageNeverPull", message, where));
            return new Outcome.Missing("ErrImageNeverPull", message);
        }
        ReentrantLock pull = pulls.computeIfAbsent(name, key -> new ReentrantLock());
        pull.lock();
        try {
            // Another pod may have pulled it in the meantime.
            Optional<Image> now = policy.equals("Always") ? Optional.empty() : runtime.imageStatus(name);
            return now.isPresent() ? present(now.get(), name, where, context) : pull(pod, name, where, context);
        } finally {
            pull.unlock();
        }
    }

    private static Outcome present(Image image, String name, String where, ActionExecutor.PodContext context) {
        context.tell(PodEvent.normal("Pulled", "Container image \"" + name + "\" already present on machine", where));
        return new Outcome.Present(image);
    }

    private Outcome pull(Pod pod, String name, String where, ActionExecutor.PodContext context) {
        context.tell(PodEvent.normal("Pulling", "Pulling image \"" + name + "\"", where));
        long begin = clock.nanoTime();
        Optional<RegistryLogin> login = login(pod, name, context);
        try {
            String id = context.pull(() -> runtime.pullImage(name, login));
            Image image = runtime.imageStatus(id)
                    .or(() -> runtime.imageStatus(name))
                    .orElseThrow(() -> new RuntimeCallException(
                            RuntimeCallException.Kind.NOT_FOUND, "image \"" + name + "\" vanished after its pull"));
            String time = seconds(Duration.ofNanos(clock.nanoTime() - begin));
            context.tell(PodEvent.normal(
                    "Pulled",
                    "Successfully pulled image \"" + name + "\" in " + time + " (" + time
                            + " including waiting). Image size: " + image.sizeBytes() + " bytes.",
                    where));
            return new Outcome.Present(image);
        } catch (RuntimeCallException e) {
            context.tell(PodEvent.warning("Failed", "Failed to pull image \"" + name + "\": " + e.text(), where));
            return new Outcome.Missing("ErrImagePull", e.text());
        }
    }

    private static String seconds(Duration time) {
        return time.toMillis() < 1000 ? time.toMillis() + "ms" : time.toMillis() / 1000.0 + "s";
    }

    /** The login for the image's registry among the pod's pull secrets. */
    private Optional<RegistryLogin> login(Pod pod, String image, ActionExecutor.PodContext context) {
        String first = image.contains("/") ? image.substring(0, image.indexOf('/')) : "";
        String registry = first.contains(".") || first.contains(":") || first.equals("localhost") ? first : "docker.io";
        List<String> absent = new ArrayList<>();
        Optional<RegistryLogin> login = Optional.empty();
        for (LocalObjectReference reference : pod.getSpec().getImagePullSecrets()) {
            Optional<Map<String, byte[]>> secret =
                    source.secret(pod.getMetadata().getNamespace(), reference.getName());
            if (secret.isEmpty()) {
                absent.add(reference.getName());
            }
            login = login.or(() -> secret.flatMap(entries -> find(entries, registry)));
        }
        if (!absent.isEmpty()) {
            context.tell(PodEvent.warning(
                    "FailedToRetrieveImagePullSecret",
                    "Unable to retrieve some image pull secrets (" + String.join(", ", absent)
                            + "); attempting to pull the image may not succeed.",
                    ""));
        }
        return login;
    }

    /** A secret of either of the two types: what {@code docker login} writes, and what it wrote long ago. */
    private static Optional<RegistryLogin> find(Map<String, byte[]> secret, String registry) {
        byte[] now = secret.get(".dockerconfigjson");
        byte[] old = secret.get(".dockercfg");
        try {
            JsonNode logins = now != null
                    ? Json.MAPPER.readTree(now).path("auths")
                    : Json.MAPPER.readTree(old == null ? "{}".getBytes(StandardCharsets.UTF_8) : old);
            for (Map.Entry<String, JsonNode> entry : logins.properties()) {
                String server = entry.getKey().replaceFirst("^https?://", "").replaceFirst("/.*$", "");
                if (server.equals(registry) || (server.equals("index.docker.io") && registry.equals("docker.io"))) {
                    String joined = new String(
                            Base64.getDecoder()
                                    .decode(entry.getValue().path("auth").asString("")),
                            StandardCharsets.UTF_8);
                    int colon = joined.indexOf(':');
                    return Optional.of(
                            colon > 0
                                    ? new RegistryLogin(
                                            joined.substring(0, colon), joined.substring(colon + 1), entry.getKey())
                                    : new RegistryLogin(
                                            entry.getValue().path("username").asString(""),
                                            entry.getValue().path("password").asString(""),
                                            entry.getKey()));
                }
            }
        } catch (JacksonException | IllegalArgumentException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }
}
