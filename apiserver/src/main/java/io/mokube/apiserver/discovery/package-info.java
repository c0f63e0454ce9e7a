/**
 * The documents by which clients learn what the server serves: resource lists, aggregated discovery, OpenAPI, version.
 * Each is a pure function of the resource registry, written once and kept until the registry changes.
 *
 * <p>No HTTP belongs here: negotiation and ETag headers are the HTTP layer's work.
 */
@NullMarked
package io.mokube.apiserver.discovery;

import org.jspecify.annotations.NullMarked;
