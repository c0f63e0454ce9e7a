/**
 * Which nodes a pod may be on: node names, node selectors, node affinity, taints and tolerations. Pure.
 *
 * <p>Which of several nodes is best, and whether there is room, is the scheduler's to say.
 */
@NullMarked
package io.mokube.controllermanager.controllers.placement;

import org.jspecify.annotations.NullMarked;
