/**
 * API groups that other servers serve: which there are, whether they answer, and how requests get there.
 *
 * <p>What this server serves itself is only registered here. How requests are carried is the proxy's part.
 */
@NullMarked
package io.mokube.apiserver.aggregation;

import org.jspecify.annotations.NullMarked;
