package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import java.util.Optional;

/** Whoever answers some requests instead of this server. Safe for use by many threads. */
@FunctionalInterface
public interface Elsewhere {

    /**
     * His answer to a request that its user may make; nothing when this server is to answer.
     *
     * @throws io.mokube.machinery.error.ApiException when the answer is an error
     */
    Optional<Answer> answer(ApiRequest request);
}
