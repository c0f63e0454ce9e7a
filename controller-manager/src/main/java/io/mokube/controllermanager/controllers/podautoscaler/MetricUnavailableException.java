package io.mokube.controllermanager.controllers.podautoscaler;

/** Says, in Kubernetes' words, why a metric gives no number of replicas. It becomes an event and a condition. */
final class MetricUnavailableException extends Exception {

    private static final long serialVersionUID = 1L;

    MetricUnavailableException(String message) {
        super(message);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
