/**
 * The Deployment controller: moves pods from one template to the next by scaling the ReplicaSets of both, and keeps the
 * templates of the past for going back.
 *
 * <p>Pods are the business of the ReplicaSet controller and are only read here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.deployment;

import org.jspecify.annotations.NullMarked;
