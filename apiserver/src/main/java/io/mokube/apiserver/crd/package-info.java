/**
 * Custom resources: what a CustomResourceDefinition may say, and the resource definition that comes of it, with the rules
 * for its objects. One small controller here keeps the registry what the stored definitions say.
 *
 * <p>Nothing that built-in resources share belongs here: custom resources take the same path.
 */
@NullMarked
package io.mokube.apiserver.crd;

import org.jspecify.annotations.NullMarked;
