/**
 * The cluster of separate services in containers, as {@code docker-compose.yml} describes it.
 *
 * <p>Clusters in one process or as bare processes are tested one folder up.
 */
@NullMarked
package io.mokube.it.compose;

import org.jspecify.annotations.NullMarked;
