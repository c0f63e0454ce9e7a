/**
 * The ReplicaSet controller: keeps the wanted number of pods of one template.
 *
 * <p>Which template and how many is the business of the ReplicaSet's owner and does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.replicaset;

import org.jspecify.annotations.NullMarked;
