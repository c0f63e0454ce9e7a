/**
 * Requests to an API server over HTTP: typed resources, watches as streams of lines, errors as exceptions.
 *
 * <p>No caching, no retrying of failed writes and no knowledge of a single kind belong here.
 */
@NullMarked
package io.mokube.client.rest;

import org.jspecify.annotations.NullMarked;
