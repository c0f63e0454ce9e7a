package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;

/** Answers one kind of request about resources. Safe for use by many threads. */
@FunctionalInterface
public interface Verb {

    /**
     * @param served the resource and version of the path
     * @throws io.mokube.machinery.error.ApiException when the answer is an error
     */
    Answer answer(ApiRequest request, Served served);
}
