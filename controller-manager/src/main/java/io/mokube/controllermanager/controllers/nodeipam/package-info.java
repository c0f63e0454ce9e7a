/**
 * Gives each node the range that its pods get their addresses from.
 *
 * <p>How a node hands out addresses of its range, and how packets find their way between nodes, does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.nodeipam;

import org.jspecify.annotations.NullMarked;
