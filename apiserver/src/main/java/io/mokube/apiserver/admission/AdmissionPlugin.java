package io.mokube.apiserver.admission;

/**
 * One rule over writes. Plugins hold no state of a request, may be called from many threads and again for the same
 * request after a lost race. They refuse with an {@link io.mokube.machinery.error.ApiException}.
 */
public interface AdmissionPlugin {

    /** The name Kubernetes knows it by, such as {@code NamespaceLifecycle}. */
    String name();

    /** Changes the object before it is validated. Called for create and update only. */
    default void mutate(AdmissionRequest request) {}

    /** Refuses the write, or not; the object is not changed any more. */
    default void validate(AdmissionRequest request) {}
}
