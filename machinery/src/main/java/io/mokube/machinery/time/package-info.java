/**
 * Time as a thing that is handed in: reading it, sleeping, and doing something later.
 *
 * <p>The only place that asks the system for the time.
 */
@NullMarked
package io.mokube.machinery.time;

import org.jspecify.annotations.NullMarked;
