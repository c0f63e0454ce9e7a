package io.mokube.kubelet.lifecycle;

/**
 * What the probes of one running container say.
 *
 * @param started its startup probe has passed
 * @param ready its readiness probe passes
 * @param failed the probe, liveness or startup, that failed so often that the container must be restarted
 */
public record ProbeVerdict(boolean started, boolean ready, Failed failed) {

    /** The probe that condemns a container. */
    public enum Failed {
        NONE,
        LIVENESS,
        STARTUP
    }
}
