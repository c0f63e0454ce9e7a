/**
 * What becomes of nodes that fall silent, and of the pods on them: conditions, taints, eviction at a bounded rate.
 *
 * <p>Nodes report about themselves; this only speaks for those that can't. Replacing evicted pods is the business of
 * their owners and does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.nodelifecycle;

import org.jspecify.annotations.NullMarked;
