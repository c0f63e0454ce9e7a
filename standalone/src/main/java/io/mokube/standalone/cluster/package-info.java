/**
 * All components in one JVM: which there are, in which order they start and stop, and the folder they keep their state in.
 *
 * <p>No command line and no printing belong here.
 */
@NullMarked
package io.mokube.standalone.cluster;

import org.jspecify.annotations.NullMarked;
