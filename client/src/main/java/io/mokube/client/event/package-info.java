/**
 * Events about objects, as {@code kubectl describe} shows them: counted, combined and limited.
 *
 * <p>Nothing here may block or fail the code that reports an event.
 */
@NullMarked
package io.mokube.client.event;

import org.jspecify.annotations.NullMarked;
