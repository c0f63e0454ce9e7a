/**
 * One worker per pod: gathers what the decision needs, lets {@code lifecycle} decide, carries the actions out.
 *
 * <p>No decision about a pod is made here.
 */
@NullMarked
package io.mokube.kubelet.sync;

import org.jspecify.annotations.NullMarked;
