/**
 * Leader election through a Lease: at most one of several replicas does the work.
 *
 * <p>What the leader does belongs to its component.
 */
@NullMarked
package io.mokube.client.election;

import org.jspecify.annotations.NullMarked;
