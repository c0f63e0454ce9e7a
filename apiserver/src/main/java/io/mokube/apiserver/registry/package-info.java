/**
 * Objects in the store: reads that are as fresh as asked, and writes that only happen on top of what the writer saw.
 *
 * <p>What a write means (defaults, admission, finalizers, status) is decided in {@code verbs}.
 */
@NullMarked
package io.mokube.apiserver.registry;

import org.jspecify.annotations.NullMarked;
