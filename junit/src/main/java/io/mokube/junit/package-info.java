/**
 * A cluster in the JVM of JUnit tests. Clients of any kind reach it by its kubeconfig; nothing of Mokube's own classes is needed
 * to use it.
 */
@NullMarked
package io.mokube.junit;

import org.jspecify.annotations.NullMarked;
