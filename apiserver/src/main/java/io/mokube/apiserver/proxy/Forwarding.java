package io.mokube.apiserver.proxy;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.machinery.error.ApiException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import javax.net.ssl.SSLContext;

/** Passes whole requests on to another server, with the path they came with. */
public final class Forwarding {

    private Forwarding() {}

    /**
     * Passes a request on.
     *
     * @param authority the server's host and port
     * @param tls how to connect for other protocols than HTTP; verifies the name itself
     * @throws ApiException 503 when the server can't be reached
     */
    public static Answer forward(String authority, HttpClient http, SSLContext tls, RawRequest request) {
        URI server = URI.create("https://" + authority);
        String host = String.valueOf(server.getHost()).replaceAll("[\\[\\]]", "");
        ProxyTarget target = new ProxyTarget("https", host, server.getPort(), http, tls.getSocketFactory(), false);
        String pathAndQuery = request.path() + (request.query().isEmpty() ? "" : "?" + request.query());
        try {
            return request.upgrade().isEmpty()
                    ? ResourceProxy.overHttp(target, request, "", pathAndQuery)
                    : ResourceProxy.upgraded(target, request, pathAndQuery);
        } catch (IOException e) {
            throw ApiException.unavailable(
                    "error trying to reach service: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
        }
    }
}
