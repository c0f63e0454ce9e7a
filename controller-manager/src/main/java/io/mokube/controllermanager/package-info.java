/**
 * The controller manager as a component: wins its Lease, runs the controllers of one explicit list, and stops them at
 * once when the Lease is lost.
 *
 * <p>What a controller decides belongs to {@code controllers}; Spring belongs to {@code app}.
 */
@NullMarked
package io.mokube.controllermanager;

import org.jspecify.annotations.NullMarked;
