package io.mokube.apiserver.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.apiserver.audit.Auditor;
import io.mokube.apiserver.authn.Authenticators;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.flowcontrol.FlowControl;
import io.mokube.apiserver.pipeline.Pipeline;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.Credential;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.webresources.TomcatURLStreamHandlerFactory;
import org.apache.coyote.AbstractProtocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.net.SSLUtil;
import org.apache.tomcat.util.threads.VirtualThreadExecutor;
import org.jspecify.annotations.Nullable;

/** The listening server: an embedded Tomcat with one servlet, HTTP/2 and HTTP/1.1 over TLS, a virtual thread for each request. */
public final class HttpServer {

    /** Also how long a client may take to send on, and how long a write may wait for a reader. */
    private static final Duration STALL_TIMEOUT = Duration.ofSeconds(20);

    private static final Duration KEEP_ALIVE = Duration.ofMinutes(3);
    private static final int MOST_CONNECTIONS = 50_000;
    private static final int LARGEST_HEADER = 64 * 1024;
    private static final int MOST_STREAMS = 1000;

    private final Tomcat tomcat = new Tomcat();
    private final HttpServlet servlet;
    private final Connector connector;
    private final @Nullable Connector plainText;
    private final Path workFolder;
    private final String address;
    private final int port;

    /**
     * @param port 0 for any free one
     * @param plainTextPort a further port on loopback without TLS, 0 for any free one
     * @param serving what to show clients
     * @param clientAuthorities who signs the certificates of clients and of proxies before the server
     * @param auditor hears of every request
     */
    public HttpServer(
            String address,
            int port,
            OptionalInt plainTextPort,
            Credential serving,
            Collection<X509Certificate> clientAuthorities,
            Authenticators authenticators,
            Pipeline pipeline,
            FlowControl flows,
            WatchCache cache,
            Clock clock,
            MeterRegistry meters,
            Auditor auditor) {
        this(
                address,
                port,
                plainTextPort,
                serving,
                clientAuthorities,
                clock,
                new ApiServlet(authenticators, pipeline, flows, cache, clock, meters, auditor));
    }

    /** The same server around another servlet: what benchmarks compare the API with. */
    public HttpServer(
            String address,
            int port,
            OptionalInt plainTextPort,
            Credential serving,
            Collection<X509Certificate> clientAuthorities,
            Clock clock,
            HttpServlet servlet) {
        this.address = address;
        this.port = port;
        this.servlet = servlet;
        TomcatURLStreamHandlerFactory.disable();
        try {
            workFolder = Files.createTempDirectory("mokube-http");
        } catch (IOException e) {
            throw new ComponentException("no temporary folder can be made: " + e.getMessage(), e);
        }
        tomcat.setBaseDir(workFolder.toString());
        connector = encrypted(address, port, serving, clientAuthorities, clock);
        tomcat.setConnector(connector);
        plainText = plainTextPort.isPresent() ? connector("127.0.0.1", plainTextPort.getAsInt(), clock) : null;
        if (plainText != null) {
            tomcat.setConnector(plainText);
        }
        Context context = tomcat.addContext("", workFolder.toString());
        // The platform's own loader: nothing is deployed that would need another.
        context.setParentClassLoader(HttpServer.class.getClassLoader());
        Tomcat.addServlet(context, "api", servlet).setAsyncSupported(true);
        context.addServletMappingDecoded("/", "api");
    }

    private static Connector encrypted(
            String address, int port, Credential serving, Collection<X509Certificate> clientAuthorities, Clock clock) {
        Connector connector = connector(address, port, clock);
        connector.setScheme("https");
        connector.setSecure(true);
        Http11NioProtocol protocol = (Http11NioProtocol) connector.getProtocolHandler();
        protocol.setSSLEnabled(true);
        protocol.addSslHostConfig(tls(serving, clientAuthorities));
        return connector;
    }

    private static Connector connector(String address, int port, Clock clock) {
        Connector connector = new Connector(Http11NioProtocol.class.getName());
        connector.setPort(port);
        connector.setThrowOnFailure(true);
        // The path is checked segment by segment before anything is made of it.
        connector.setEncodedSolidusHandling("passthrough");
        connector.setAllowBackslash(true);
        Http11NioProtocol protocol = (Http11NioProtocol) connector.getProtocolHandler();
        limit(protocol, address);
        protocol.setMaxHttpRequestHeaderSize(LARGEST_HEADER);
        protocol.setMaxKeepAliveRequests(-1);
        protocol.setDisableUploadTimeout(true);
        protocol.setCompression("off");
        Http2Protocol http2 = new PatientHttp2(clock);
        http2.setMaxConcurrentStreams(MOST_STREAMS);
        http2.setMaxConcurrentStreamExecution(MOST_STREAMS);
        http2.setReadTimeout(STALL_TIMEOUT.toMillis());
        http2.setStreamReadTimeout(STALL_TIMEOUT.toMillis());
        http2.setStreamWriteTimeout(STALL_TIMEOUT.toMillis());
        http2.setKeepAliveTimeout(KEEP_ALIVE.toMillis());
        connector.addUpgradeProtocol(http2);
        return connector;
    }

    private static void limit(AbstractProtocol<?> protocol, String address) {
        protocol.setProperty("address", address);
        protocol.setConnectionTimeout((int) STALL_TIMEOUT.toMillis());
        protocol.setKeepAliveTimeout((int) KEEP_ALIVE.toMillis());
        protocol.setMaxConnections(MOST_CONNECTIONS);
        protocol.setTcpNoDelay(true);
        Executor executor = new VirtualThreadExecutor("http-");
        protocol.setExecutor(executor);
    }

    private static SSLHostConfig tls(Credential serving, Collection<X509Certificate> clientAuthorities) {
        SSLHostConfig config = new SSLHostConfig();
        config.setProtocols("TLSv1.2+TLSv1.3");
        config.setCertificateVerification("optional");
        SSLHostConfigCertificate certificate = new SSLHostConfigCertificate(config, SSLHostConfigCertificate.Type.EC);
        try {
            char[] password = "in-memory".toCharArray();
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            Certificate[] chain = {serving.certificate()};
            keys.setKeyEntry("serving", serving.key(), password, chain);
            KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(keys, password);
            X509KeyManager keyManager = (X509KeyManager) own.getKeyManagers()[0];
            X509TrustManager trust = new AnyClient(clientAuthorities);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {keyManager}, new TrustManager[] {trust}, null);
            certificate.setSslContext(SSLUtil.createSSLContext(context, keyManager, trust));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the JDK always has PKCS #12 key stores", e);
        }
        config.addCertificate(certificate);
        return config;
    }

    /**
     * Begins to listen.
     *
     * @throws ComponentException when the port is taken or can't be used
     */
    public void start() {
        try {
            tomcat.start();
        } catch (LifecycleException e) {
            close();
            throw new ComponentException(
                    "can't listen on " + address + ":" + port + ": " + rootMessage(e)
                            + ". Stop what uses the port, or choose another one.",
                    e);
        } finally {
            deleteWorkFolder();
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /** The port that is listened on. */
    public int port() {
        return connector.getLocalPort();
    }

    /**
     * The port that is listened on without TLS.
     *
     * @throws IllegalStateException when there is none
     */
    public int plainTextPort() {
        if (plainText == null) {
            throw new IllegalStateException("this server has no port without TLS");
        }
        return plainText.getLocalPort();
    }

    /** Takes no new connections and gives requests in flight the grace to end. */
    public void stop(Duration grace) {
        if (servlet instanceof ApiServlet api) {
            api.abortUpgraded();
        }
        if (connector.getState() == LifecycleState.STARTED) {
            connector.pause();
            connector.getProtocolHandler().closeServerSocketGraceful();
            connector.getProtocolHandler().awaitConnectionsClose(grace.toMillis());
        }
        close();
    }

    private void close() {
        try {
            tomcat.stop();
            tomcat.destroy();
        } catch (LifecycleException e) {
            throw new IllegalStateException("the HTTP server does not stop", e);
        }
    }

    /** Tomcat asks for one and keeps nothing there: without it a process that is killed leaves none behind. */
    private void deleteWorkFolder() {
        try (Stream<Path> files = Files.walk(workFolder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            workFolder.toFile().deleteOnExit();
        }
    }
}
