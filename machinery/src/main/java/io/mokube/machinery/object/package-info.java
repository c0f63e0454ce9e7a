/**
 * Kubernetes objects as JSON trees, with accessors for what every kind has: type and metadata.
 *
 * <p>No knowledge of a single kind belongs here.
 */
@NullMarked
package io.mokube.machinery.object;

import org.jspecify.annotations.NullMarked;
