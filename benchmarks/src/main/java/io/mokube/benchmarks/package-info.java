/**
 * Figures about the whole system, each a ratio measured side by side with something simpler that does the same work.
 *
 * <p>Nothing of the product may depend on this package; whatever is measured runs in a process of its own.
 */
@NullMarked
package io.mokube.benchmarks;

import org.jspecify.annotations.NullMarked;
