/**
 * The ReplicaSet controller and the ReplicationController controller: keep the wanted number of pods of one template.
 * Both are one decision and one shell; {@code ReplicaOwner} says how each kind is read.
 *
 * <p>Which template and how many is the business of the ReplicaSet's owner and does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.replicaset;

import org.jspecify.annotations.NullMarked;
