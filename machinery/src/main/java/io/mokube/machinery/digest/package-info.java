/**
 * Digests of bytes and texts, by which names and versions are made.
 *
 * <p>Signatures and passwords have nothing to do here.
 */
@NullMarked
package io.mokube.machinery.digest;

import org.jspecify.annotations.NullMarked;
