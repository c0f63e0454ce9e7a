/**
 * The cluster's own certificate authority: certificates, keys and kubeconfig files, made at first start and kept.
 *
 * <p>Who is behind a certificate is decided in {@code authn}; TLS itself belongs to {@code http}.
 */
@NullMarked
package io.mokube.apiserver.pki;

import org.jspecify.annotations.NullMarked;
