/**
 * Instances of a service that has no leader tell each other by Leases that they live.
 *
 * <p>What becomes of a silent one belongs to its service.
 */
@NullMarked
package io.mokube.client.presence;

import org.jspecify.annotations.NullMarked;
