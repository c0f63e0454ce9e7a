package io.mokube.client.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigTest {

    @TempDir
    private Path folder;

    @Test
    void readsTheCurrentContextWithDataInTheFile() throws IOException {
        ClientConfig config = read("""
                apiVersion: v1
                kind: Config
                current-context: second
                contexts:
                - {name: first, context: {cluster: other, user: nobody}}
                - {name: second, context: {cluster: mine, user: me}}
                clusters:
                - {name: other, cluster: {server: "https://other"}}
                - {name: mine, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Y2E=}}
                users:
                - {name: me, user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}}
                """);
        assertThat(config.server()).isEqualTo(URI.create("https://127.0.0.1:6443"));
        assertThat(config.caPem()).isEqualTo("ca");
        assertThat(config.certificatePem()).isEqualTo("cert");
        assertThat(config.keyPem()).isEqualTo("key");
        assertThat(config.bearerToken()).isNull();
        assertThat(config.toString()).doesNotContain("key");
    }

    @Test
    void readsFilesBesideIt() throws IOException {
        Files.writeString(folder.resolve("ca.pem"), "authority");
        Files.writeString(folder.resolve("token"), "secret\n");
        ClientConfig config = read("""
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "https://[::1]:6443", certificate-authority: ca.pem}}]
                users: [{name: u, user: {tokenFile: token}}]
                """);
        assertThat(config.caPem()).isEqualTo("authority");
        assertThat(config.bearerToken()).isEqualTo("secret");
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> ClientConfig.fromKubeconfig(folder.resolve("none")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("none can't be read");
        assertThatThrownBy(() -> read("current-context: x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("has no context named \"x\"");
        assertThatThrownBy(() -> read("a: ["))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no YAML");
        assertThatThrownBy(() -> read("""
                current-context: c
                contexts: [{name: c, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "localhost"}}]
                users: [{name: u, user: {}}]
                """))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must begin with https://host");
    }

    private ClientConfig read(String text) throws IOException {
        return ClientConfig.fromKubeconfig(Files.writeString(folder.resolve("config"), text));
    }
}
