/**
 * The error every Kubernetes API answers with: Status, and the exception that carries one.
 *
 * <p>Outcomes that a caller must branch on are values of their own and do not belong here.
 */
@NullMarked
package io.mokube.machinery.error;

import org.jspecify.annotations.NullMarked;
