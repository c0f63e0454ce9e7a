/**
 * From bytes to an object that keeps the rules: strict decoding against a schema, defaults, and the checks every kind shares.
 *
 * <p>What only one kind demands belongs to its strategy; what needs other objects belongs to admission.
 */
@NullMarked
package io.mokube.apiserver.validation;

import org.jspecify.annotations.NullMarked;
