package io.mokube.controllermanager.controllers.endpointslice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.services.Services;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writing slices to the real API server with a cache that shows nothing yet. */
class ServiceSlicesTest {

    private static final ObjectKey KEY = new ObjectKey("default", "web");

    @TempDir
    Path directory;

    private ApiServer server;
    private ApiClient client;
    private ResourceClient<EndpointSlice> slices;
    private Service service;

    @BeforeEach
    void start() {
        server = new ApiServer(ApiServerConfig.inMemory(directory), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        slices = client.resource(EndpointSlice.class);
        service = client.resource(Service.class)
                .create(new ServiceBuilder(Services.service(Services.port("", 80, 80)))
                        .editSpec()
                        .withClusterIP(null)
                        .endSpec()
                        .build());
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(Duration.ZERO);
    }

    @Test
    void nothingIsDecidedUntilTheCacheShowsWhatWasWritten() {
        Informer<EndpointSlice> informer = new Informer<>(slices, Selection.ALL, Platform.system());
        ServiceSlices written = new ServiceSlices(informer, slices, SliceDecision.MANAGER);
        assertThat(written.areCurrent(service)).isTrue();
        written.apply(service, firstSlices());
        assertThat(written.areCurrent(service)).isFalse();
        informer.start();
        Await.until(Duration.ofSeconds(30), "the cache shows it", () -> written.areCurrent(service));
        assertThat(written.of(KEY)).hasSize(1);
        informer.close();
    }

    @Test
    void whoeverRepeatsACreationMakesNoSecondSlice() {
        withOldCache().apply(service, firstSlices());
        // As after a restart: nothing is remembered, and the cache doesn't show the slice.
        ServiceSlices again = withOldCache();
        assertThatThrownBy(() -> again.apply(service, firstSlices()))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.isAlreadyExists()).isTrue());
        assertThat(again.areCurrent(service)).isFalse();
        assertThat(slices.list("default", ListOptions.ALL).items()).hasSize(1);
    }

    private ServiceSlices withOldCache() {
        return new ServiceSlices(
                new Informer<>(slices, Selection.ALL, Platform.system()), slices, SliceDecision.MANAGER);
    }

    private SliceChanges firstSlices() {
        return SliceDecision.plan(
                        service,
                        List.of(),
                        new SliceDecision.Cluster(name -> Optional.empty(), Map::of),
                        List.of(),
                        Optional.empty(),
                        false)
                .changes();
    }
}
