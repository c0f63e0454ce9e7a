/**
 * Label and field selectors: parsing, printing, matching.
 *
 * <p>Nothing that knows which fields a kind offers belongs here.
 */
@NullMarked
package io.mokube.machinery.selector;

import org.jspecify.annotations.NullMarked;
