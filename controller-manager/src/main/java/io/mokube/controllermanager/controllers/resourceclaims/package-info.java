/**
 * Claims of devices that pods get from templates, and whose reservations last as long as their pods.
 *
 * <p>Which devices a claim gets is the scheduler's business.
 */
@NullMarked
package io.mokube.controllermanager.controllers.resourceclaims;

import org.jspecify.annotations.NullMarked;
