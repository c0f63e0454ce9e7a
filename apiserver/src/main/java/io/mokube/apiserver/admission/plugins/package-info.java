/**
 * The admission plugins, one class each, named as Kubernetes names them.
 *
 * <p>Plugins call nothing but {@link io.mokube.apiserver.admission.ClusterReader}; they neither write nor wait.
 */
@NullMarked
package io.mokube.apiserver.admission.plugins;

import org.jspecify.annotations.NullMarked;
