/**
 * Pod disruption budgets: how many pods are healthy, how many have to be, and so how many may be evicted.
 *
 * <p>Whether a pod is evicted is decided by the API server, which takes it off the budget's status. Nothing here deletes
 * or evicts a pod.
 */
@NullMarked
package io.mokube.controllermanager.controllers.disruption;

import org.jspecify.annotations.NullMarked;
