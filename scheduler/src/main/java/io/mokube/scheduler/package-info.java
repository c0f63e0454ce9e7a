/**
 * The scheduler as a component: what it is configured with, and how its parts are put together and run.
 *
 * <p>How a decision is made and carried out is the business of the packages below, in the order of the data flow:
 * {@code cycle} feeds {@code snapshot} and {@code queue}, asks {@code framework} and {@code plugins}, and binds.
 */
@NullMarked
package io.mokube.scheduler;

import org.jspecify.annotations.NullMarked;
