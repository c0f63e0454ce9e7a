/**
 * Admission by webhooks: which of them a write concerns, how they are asked, and what becomes of their answers.
 *
 * <p>How a webhook is reached and trusted is known to {@code io.mokube.apiserver.webhook}; rules of the server's own belong
 * to {@code admission.plugins}.
 */
@NullMarked
package io.mokube.apiserver.admission.webhooks;

import org.jspecify.annotations.NullMarked;
