package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.ImageVolumeSource;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.mokube.kubelet.images.PullRecords;
import io.mokube.kubelet.images.PullSecret;
import io.mokube.kubelet.lifecycle.PodEvent;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerRuntime.RegistryLogin;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageNames;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.volume.ConfigurationSource;
import io.mokube.machinery.lock.KeyedLocks;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Gets the images of containers and volumes by their pull policy. Pods that want one image at the same time pull it once.
 */
final class ImageSource {

    /** Registry, path, tag and digest, as far as the agent must tell a name from a typing error. */
    private static final Pattern REFERENCE =
            Pattern.compile("(?:[a-zA-Z0-9.\\[\\]:-]+/)?[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"
                    + "(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?");

    private static final Logger log = LoggerFactory.getLogger(ImageSource.class);

    private final ContainerRuntime runtime;
    private final ConfigurationSource source;
    private final Optional<PullRecords> records;
    private final Clock clock;
    private final KeyedLocks<String> pulls = new KeyedLocks<>();

    /** A login for a registry, and the secret that it stands in. */
    private record Login(RegistryLogin login, PullSecret secret) {}

    /**
     * @param records what was pulled with which credentials; empty where images are for everybody
     */
    ImageSource(ContainerRuntime runtime, ConfigurationSource source, Optional<PullRecords> records, Clock clock) {
        this.runtime = runtime;
        this.source = source;
        this.records = records;
        this.clock = clock;
    }

    /** Whether the image is there. */
    sealed interface Outcome {
        record Present(Image image) implements Outcome {}

        record Missing(String reason, String message) implements Outcome {}
    }

    /** Finds out what became of pulls that the last agent did not live to see the end of, and forgets images that are gone. */
    void recover() {
        if (records.isEmpty()) {
            return;
        }
        try {
            Instant now = clock.instant();
            records.ifPresent(each -> each.recover(runtime::imageStatus));
            forgetOthers(runtime.listImages(), now);
        } catch (RuntimeCallException e) {
            // Until the next start images count as pulled with unknown credentials.
            log.atWarn()
                    .setMessage("pulls that were in progress were not looked at")
                    .addKeyValue("reason", e.text())
                    .log();
        }
    }

    /** Forgets the credentials of all images but those that the runtime had at a time. */
    void forgetOthers(List<Image> present, Instant at) {
        records.ifPresent(
                each -> each.forgetOthers(present.stream().map(Image::id).collect(Collectors.toSet()), at));
    }

    /** The image that a container is made from. */
    Outcome get(Pod pod, PodContainer container, ActionExecutor.PodContext context) {
        return get(
                pod,
                container.spec().getImage(),
                container.spec().getImagePullPolicy(),
                container.fieldPath(),
                context);
    }

    /** The image that is a volume of the pod. */
    Outcome get(Pod pod, ImageVolumeSource volume, ActionExecutor.PodContext context) {
        return get(pod, Objects.requireNonNullElse(volume.getReference(), ""), volume.getPullPolicy(), "", context);
    }

    private Outcome get(
            Pod pod, String name, @Nullable String pullPolicy, String where, ActionExecutor.PodContext context) {
        if (!REFERENCE.matcher(name).matches()) {
            String message = "Failed to apply default image tag \"" + name + "\": couldn't parse image name \"" + name
                    + "\": invalid reference format";
            context.tell(PodEvent.warning("InspectFailed", message, where));
            return new Outcome.Missing("InvalidImageName", message);
        }
        String policy = Objects.requireNonNullElse(pullPolicy, "IfNotPresent");
        Optional<Image> present = policy.equals("Always") ? Optional.empty() : usable(pod, name, context);
        if (present.isPresent()) {
            return present(present.get(), name, where, context);
        }
        if (policy.equals("Never")) {
            String message = "Container image \"" + name + "\" is not present with pull policy of Never";
            context.tell(PodEvent.warning("ErrImageNeverPull", message, where));
            return new Outcome.Missing("ErrImageNeverPull", message);
        }
        try (KeyedLocks.Held _ = pulls.hold(name)) {
            // Another pod may have pulled it in the meantime.
            Optional<Image> now = policy.equals("Always") ? Optional.empty() : usable(pod, name, context);
            return now.isPresent() ? present(now.get(), name, where, context) : pull(pod, name, where, context);
        }
    }

    /** The image, if it is there and the pod may have it as it is. */
    private Optional<Image> usable(Pod pod, String name, ActionExecutor.PodContext context) {
        return runtime.imageStatus(name)
                .filter(image -> records.filter(each -> each.mustPull(
                                name,
                                image.id(),
                                () -> logins(pod, name, context).stream()
                                        .map(Login::secret)
                                        .toList()))
                        .isEmpty());
    }

    private static Outcome present(Image image, String name, String where, ActionExecutor.PodContext context) {
        context.tell(PodEvent.normal(
                "Pulled",
                "Container image \"" + name + "\" already present on machine and can be accessed by the pod",
                where));
        return new Outcome.Present(image);
    }

    private Outcome pull(Pod pod, String name, String where, ActionExecutor.PodContext context) {
        context.tell(PodEvent.normal("Pulling", "Pulling image \"" + name + "\"", where));
        long begin = clock.nanoTime();
        List<Login> logins = logins(pod, name, context);
        try {
            records.ifPresent(each -> each.intend(name));
            Pulled pulled;
            try {
                pulled = context.pull(() -> pull(name, logins));
            } catch (RuntimeCallException e) {
                // Otherwise it may be that the image comes all the same, and it is not known with which credentials.
                if (hasFailed(e)) {
                    records.ifPresent(each -> each.failed(name));
                }
                throw e;
            }
            Image image = pulled.image();
            records.ifPresent(
                    each -> each.pulled(name, image.id(), pulled.with().map(Login::secret)));
            String time = seconds(Duration.ofNanos(clock.nanoTime() - begin));
            context.tell(PodEvent.normal(
                    "Pulled",
                    "Successfully pulled image \"" + name + "\" in " + time + " (" + time
                            + " including waiting). Image size: " + image.sizeBytes() + " bytes.",
                    where));
            return new Outcome.Present(image);
        } catch (RuntimeCallException e) {
            return notPulled(name, e.text(), where, context);
        } catch (UncheckedIOException e) {
            return notPulled(name, String.valueOf(e.getMessage()), where, context);
        }
    }

    /** Whether nothing can come of a call any more. */
    private static boolean hasFailed(RuntimeCallException e) {
        return e.kind() == Kind.FAILED || e.kind() == Kind.NOT_FOUND;
    }

    private static Outcome notPulled(String name, String why, String where, ActionExecutor.PodContext context) {
        context.tell(PodEvent.warning("Failed", "Failed to pull image \"" + name + "\": " + why, where));
        return new Outcome.Missing("ErrImagePull", why);
    }

    private record Pulled(Image image, Optional<Login> with) {}

    /** Tries one login after the other, and none when there is none. */
    private Pulled pull(String name, List<Login> logins) {
        List<Optional<Login>> tries = logins.isEmpty()
                ? List.of(Optional.empty())
                : logins.stream().map(Optional::of).toList();
        List<String> complaints = new ArrayList<>();
        for (Optional<Login> each : tries) {
            try {
                String id = runtime.pullImage(name, each.map(Login::login));
                Image image = runtime.imageStatus(id)
                        .or(() -> runtime.imageStatus(name))
                        .orElseThrow(() -> new RuntimeCallException(
                                Kind.NOT_FOUND, "image \"" + name + "\" vanished after its pull"));
                return new Pulled(image, each);
            } catch (RuntimeCallException e) {
                if (!hasFailed(e)) {
                    throw e;
                }
                complaints.add(e.text());
            }
        }
        String words = complaints.size() == 1 ? complaints.getFirst() : "[" + String.join(", ", complaints) + "]";
        throw new RuntimeCallException(Kind.FAILED, words);
    }

    private static String seconds(Duration time) {
        return time.toMillis() < 1000 ? time.toMillis() + "ms" : time.toMillis() / 1000.0 + "s";
    }

    /** The logins for the image's registry among the pod's pull secrets, in their order. */
    private List<Login> logins(Pod pod, String image, ActionExecutor.PodContext context) {
        String registry = ImageNames.registry(image);
        List<String> absent = new ArrayList<>();
        List<Login> logins = new ArrayList<>();
        for (LocalObjectReference reference : pod.getSpec().getImagePullSecrets()) {
            source.secretObject(pod.getMetadata().getNamespace(), reference.getName())
                    .ifPresentOrElse(
                            secret -> find(ConfigurationSource.entries(secret), registry)
                                    .ifPresent(login -> logins.add(new Login(login, credential(secret, login)))),
                            () -> absent.add(reference.getName()));
        }
        if (!absent.isEmpty()) {
            context.tell(PodEvent.warning(
                    "FailedToRetrieveImagePullSecret",
                    "Unable to retrieve some image pull secrets (" + String.join(", ", absent)
                            + "); attempting to pull the image may not succeed.",
                    ""));
        }
        return logins;
    }

    private static PullSecret credential(Secret secret, RegistryLogin login) {
        return PullSecret.of(
                secret.getMetadata().getUid(),
                secret.getMetadata().getNamespace(),
                secret.getMetadata().getName(),
                Json.MAPPER.writeValueAsString(login));
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
