package io.mokube.apiserver.proxy;

import io.mokube.machinery.error.ApiException;
import java.net.http.HttpClient;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Where a proxied request goes.
 *
 * @param scheme http or https
 * @param host an address or a name, without brackets
 * @param http who talks to it
 * @param tls how to connect with TLS for another protocol than HTTP; null for without
 * @param verifyName whether the certificate must carry the host's name
 */
record ProxyTarget(
        String scheme,
        String host,
        int port,
        HttpClient http,
        @Nullable SSLSocketFactory tls,
        boolean verifyName) {

    /** The name of a proxied object, as requests write it: {@code name}, {@code name:port} or {@code scheme:name:port}. */
    record Name(String scheme, String name, String port) {

        /**
         * @throws ApiException 400 when it is none of these
         */
        static Name parse(String kind, String text) {
            String[] parts = text.split(":", -1);
            Name name =
                    switch (parts.length) {
                        case 1 -> new Name("http", parts[0], "");
                        case 2 -> new Name("http", parts[0], parts[1]);
                        case 3 -> new Name(parts[0].isEmpty() ? "http" : parts[0], parts[1], parts[2]);
                        default -> throw invalid(kind, text);
                    };
            boolean known = name.scheme().equals("http") || name.scheme().equals("https");
            if (!known || name.name().isEmpty() || (parts.length == 2 && parts[1].isEmpty())) {
                throw invalid(kind, text);
            }
            return name;
        }

        private static ApiException invalid(String kind, String text) {
            return ApiException.badRequest("invalid " + kind + " request \"" + text + "\"");
        }
    }

    /** {@code scheme://host:port}. */
    String origin() {
        return scheme + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    Upgrader.Backend backend() {
        return new Upgrader.Backend(host, port, tls, verifyName);
    }
}
