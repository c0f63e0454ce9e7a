/**
 * The loop that takes keys from a queue and brings reality closer to what an object asks for.
 *
 * <p>Informers and requests are the reconciler's own business.
 */
@NullMarked
package io.mokube.client.reconcile;

import org.jspecify.annotations.NullMarked;
