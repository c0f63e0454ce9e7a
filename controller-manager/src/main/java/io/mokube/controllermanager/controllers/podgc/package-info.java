/**
 * Collects pods that nobody else will: those of nodes that are gone, those deleted before they had a node, and the oldest
 * of too many that have ended.
 *
 * <p>Evicting pods from nodes that still exist belongs to the node lifecycle.
 */
@NullMarked
package io.mokube.controllermanager.controllers.podgc;

import org.jspecify.annotations.NullMarked;
