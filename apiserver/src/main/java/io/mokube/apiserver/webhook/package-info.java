/**
 * Asking someone else over HTTPS: where a webhook is, whom to trust, and how long to wait.
 *
 * <p>What is asked and what an answer means belongs to whoever asks.
 */
@NullMarked
package io.mokube.apiserver.webhook;

import org.jspecify.annotations.NullMarked;
