/**
 * What nodes and pods use now, as Kubernetes' metrics-server tells it: kubelets are asked while somebody wants to know, and
 * rates are taken from two samples.
 *
 * <p>Nothing is stored, and nothing is decided here: who scales by it is a controller's matter.
 */
@NullMarked
package io.mokube.apiserver.metrics;

import org.jspecify.annotations.NullMarked;
