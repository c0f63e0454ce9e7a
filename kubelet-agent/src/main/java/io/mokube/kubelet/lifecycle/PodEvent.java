package io.mokube.kubelet.lifecycle;

/**
 * Something to tell about a pod.
 *
 * @param fieldPath the part of the pod it is about, empty for the whole pod
 */
public record PodEvent(boolean warning, String reason, String message, String fieldPath) {

    public static PodEvent normal(String reason, String message, String fieldPath) {
        return new PodEvent(false, reason, message, fieldPath);
    }

    public static PodEvent warning(String reason, String message, String fieldPath) {
        return new PodEvent(true, reason, message, fieldPath);
    }
}
