package io.mokube.kubelet.runtime.hollow;

import io.mokube.kubelet.runtime.ContainerConfig;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a {@link HollowRuntime} plays: how long things take, which images exist, and how containers end.
 *
 * @param sandboxDelay how long making a sandbox takes
 * @param startDelay how long starting a container takes
 * @param pullDelay how long pulling an image takes
 * @param missing the images that no registry has
 * @param endings how a container ends by itself; empty when it runs until it is stopped
 */
public record HollowScript(
        Duration sandboxDelay,
        Duration startDelay,
        Duration pullDelay,
        Predicate<String> missing,
        Function<ContainerConfig, Optional<Ending>> endings) {

    /** Nothing takes time, every image exists, containers run for ever. */
    public static final HollowScript QUIET =
            new HollowScript(Duration.ZERO, Duration.ZERO, Duration.ZERO, image -> false, config -> Optional.empty());

    /**
     * The same, but containers whose command is {@code true}, {@code false}, {@code echo}, {@code sleep} or {@code exit}, or a
     * shell that does these one after another, end as they would: Jobs have an end.
     */
    public static final HollowScript PLAIN_COMMANDS = QUIET.withEndings(PlainCommands::ending);

    /** How a container ends: so long after its start, with this code. */
    public record Ending(Duration after, int exitCode, boolean outOfMemory) {}

    public HollowScript withEndings(Function<ContainerConfig, Optional<Ending>> how) {
        return new HollowScript(sandboxDelay, startDelay, pullDelay, missing, how);
    }

    public HollowScript withMissingImages(Predicate<String> which) {
        return new HollowScript(sandboxDelay, startDelay, pullDelay, which, endings);
    }

    public HollowScript withDelays(Duration sandbox, Duration start, Duration pull) {
        return new HollowScript(sandbox, start, pull, missing, endings);
    }

    boolean missingImage(String reference) {
        return missing.test(reference);
    }

    Optional<Ending> ending(ContainerConfig config) {
        return endings.apply(config);
    }
}
