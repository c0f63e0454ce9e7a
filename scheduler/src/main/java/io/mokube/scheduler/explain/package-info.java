/**
 * Explanations of the latest decisions: kept by {@link io.mokube.scheduler.explain.DecisionLog}, written down as JSON, table
 * and text, and served as resources of the API server by aggregation.
 *
 * <p>Nothing here takes part in decisions; they are explained afterwards from what they were made of.
 */
@NullMarked
package io.mokube.scheduler.explain;

import org.jspecify.annotations.NullMarked;
