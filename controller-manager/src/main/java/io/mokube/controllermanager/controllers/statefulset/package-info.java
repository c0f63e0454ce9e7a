/**
 * StatefulSets: pods with names, claims and an order of their own.
 *
 * <p>The decision is pure. What all owners of pods or revisions share is in {@code ownership} and {@code history}.
 */
@NullMarked
package io.mokube.controllermanager.controllers.statefulset;

import org.jspecify.annotations.NullMarked;
