/**
 * X.509 as the cluster uses it: an authority that signs certificates, requests that ask for one, and their text forms.
 *
 * <p>Which certificates a cluster has, and who may have one, is decided by those who call. Nothing here reads files.
 */
@NullMarked
package io.mokube.pki;

import org.jspecify.annotations.NullMarked;
