/**
 * Whole clusters as their users have them, driven by unmodified kubectl.
 *
 * <p>Nothing that a module could test by itself belongs here.
 */
@NullMarked
package io.mokube.it;

import org.jspecify.annotations.NullMarked;
