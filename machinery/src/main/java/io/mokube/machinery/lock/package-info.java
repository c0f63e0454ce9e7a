/**
 * Locks for things that come and go.
 *
 * <p>A lock that lives as long as its owner is the JDK's.
 */
@NullMarked
package io.mokube.machinery.lock;

import org.jspecify.annotations.NullMarked;
