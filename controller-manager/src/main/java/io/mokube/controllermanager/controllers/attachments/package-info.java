/**
 * Which volumes are attached to which nodes: the attachments that CSI drivers carry out, and what nodes are told of them.
 *
 * <p>Attaching itself is the drivers' business, mounting the kubelets'.
 */
@NullMarked
package io.mokube.controllermanager.controllers.attachments;

import org.jspecify.annotations.NullMarked;
