/**
 * The cluster's name server: {@link io.mokube.dns.ClusterDns} answers the names of services and pods and passes other
 * names on. Data flows {@code informers -> zone}, and {@code server -> answer (reads zone) -> forward}; {@code endpoint}
 * keeps the entry of this instance among the endpoints of the service {@code kube-system/kube-dns}.
 *
 * <p>Spring does not belong here ({@code app} only), nor does anything about single nodes.
 */
@NullMarked
package io.mokube.dns;

import org.jspecify.annotations.NullMarked;
