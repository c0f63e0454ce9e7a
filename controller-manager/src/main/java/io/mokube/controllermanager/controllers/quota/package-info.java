/**
 * Resource quotas: counts anew what is used of them, from what is stored.
 *
 * <p>Nothing is refused or charged here; the API server does that, on the same status and by the same rules
 * ({@code machinery.quota}), before an object is stored.
 */
@NullMarked
package io.mokube.controllermanager.controllers.quota;

import org.jspecify.annotations.NullMarked;
