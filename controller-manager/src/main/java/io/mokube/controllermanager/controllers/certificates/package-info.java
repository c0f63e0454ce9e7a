/**
 * Certificate signing requests: which are approved without a person, which are signed and for how long, and when they are
 * cleaned away.
 *
 * <p>X.509 itself is {@code io.mokube.pki}'s business; whether somebody may ask is the API server's.
 */
@NullMarked
package io.mokube.controllermanager.controllers.certificates;

import org.jspecify.annotations.NullMarked;
