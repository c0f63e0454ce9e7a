/**
 * What tests need beside the code under test: waiting for conditions, time that the test moves, real processes, and a
 * proxy that cuts connections.
 *
 * <p>No production code uses it, and it knows no component: a fake of a component does not belong here.
 */
@NullMarked
package io.mokube.testkit;

import org.jspecify.annotations.NullMarked;
