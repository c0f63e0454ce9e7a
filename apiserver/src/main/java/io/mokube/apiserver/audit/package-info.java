/**
 * Who asked for what, and what was answered: events as Kubernetes' audit log has them, a policy that says how much of each
 * request is told, and where the events go.
 *
 * <p>Nothing here decides about a request, and a request never fails because it can't be told.
 */
@NullMarked
package io.mokube.apiserver.audit;

import org.jspecify.annotations.NullMarked;
