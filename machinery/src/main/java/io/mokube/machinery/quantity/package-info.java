/**
 * Resource quantities (500m, 2Gi) and values that are a number or a percentage.
 *
 * <p>No arithmetic over whole pods or nodes belongs here.
 */
@NullMarked
package io.mokube.machinery.quantity;

import org.jspecify.annotations.NullMarked;
