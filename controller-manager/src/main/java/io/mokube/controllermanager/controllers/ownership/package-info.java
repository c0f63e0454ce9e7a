/**
 * What every owner of other objects needs: who controls what, which objects a selector claims, whether a pod counts, and
 * whether the cache already shows the owner's own writes.
 *
 * <p>What one kind of owner decides about its dependents does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.ownership;

import org.jspecify.annotations.NullMarked;
