/**
 * Requests that nobody would send on purpose, found by Jazzer, which follows the code they reach in the server.
 *
 * <p>What a known bad request is answered belongs to {@code http.AnswersTest} and {@code validation.BadInputTest}.
 */
@NullMarked
package io.mokube.apiserver.fuzz;

import org.jspecify.annotations.NullMarked;
