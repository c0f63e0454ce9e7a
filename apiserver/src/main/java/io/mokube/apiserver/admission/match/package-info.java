/**
 * Which writes webhooks and policies are asked about, and how a write is described to them.
 *
 * <p>Nothing here decides about a write.
 */
@NullMarked
package io.mokube.apiserver.admission.match;

import org.jspecify.annotations.NullMarked;
