/**
 * Carries requests to backends and answers back, over HTTP/1.1 and HTTP/2, in the clear and over TLS.
 *
 * <p>It runs on event loops (Vert.x, which the store's client brings anyway), unlike the rest of the house: bodies in both
 * directions, upgrades and HTTP/2 with bounded buffers are what such a library is for. Nothing here may block.
 */
@NullMarked
package io.mokube.ingress.serve;

import org.jspecify.annotations.NullMarked;
