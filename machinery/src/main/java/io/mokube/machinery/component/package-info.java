/**
 * What every component of the cluster is: something with a name that starts, gets ready and stops.
 *
 * <p>Spring, configuration files and the components themselves do not belong here.
 */
@NullMarked
package io.mokube.machinery.component;

import org.jspecify.annotations.NullMarked;
