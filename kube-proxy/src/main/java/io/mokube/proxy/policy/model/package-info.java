/**
 * What network policies say and whom they are about, as values, and how they are read from objects of the API.
 *
 * <p>What follows for packets does not belong here.
 */
@NullMarked
package io.mokube.proxy.policy.model;

import org.jspecify.annotations.NullMarked;
