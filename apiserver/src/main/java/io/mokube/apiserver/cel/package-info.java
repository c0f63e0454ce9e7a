/**
 * The Common Expression Language as Kubernetes speaks it: the options, the functions that go beyond the standard, and
 * evaluation within a budget. The language itself is {@code dev.cel}.
 *
 * <p>What expressions are about (schemas, admission) belongs to those who have them.
 */
@NullMarked
package io.mokube.apiserver.cel;

import org.jspecify.annotations.NullMarked;
