/**
 * What components that serve requests themselves ask the API server about their callers.
 *
 * <p>Delegated authorization only: who a caller is, each server finds out from the connection.
 */
@NullMarked
package io.mokube.client.access;

import org.jspecify.annotations.NullMarked;
