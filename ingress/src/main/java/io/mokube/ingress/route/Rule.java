package io.mokube.ingress.route;

/**
 * One path of an Ingress.
 *
 * @param host a name, {@code *.} and a name, or {@code ""} for every host
 * @param exact whether the path must be the request's; otherwise its beginning, by whole elements
 */
public record Rule(String host, String path, boolean exact, Backend backend) {}
