package io.mokube.controllermanager.controllers.services;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.mokube.controllermanager.controllers.Pods;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ServiceFactsTest {

    @Test
    void aTargetPortIsANumberOrTheNameOfAContainersPort() {
        Pod pod = Services.withPort(Services.pod("a", "10.0.0.1"), "http", 8080);
        assertThat(ServicePods.targetPort(pod, Services.port("", 80, 9090))).isEqualTo(OptionalInt.of(9090));
        assertThat(ServicePods.targetPort(pod, Services.port("", 80, "http"))).isEqualTo(OptionalInt.of(8080));
        assertThat(ServicePods.targetPort(pod, Services.port("", 80, "other"))).isEmpty();
    }

    @Test
    void aSidecarsPortHasANameToo() {
        Pod sidecar = new PodBuilder(Services.pod("a", "10.0.0.1"))
                .editSpec()
                .addToInitContainers(Services.container("setup", 1))
                .addToInitContainers(new ContainerBuilder(Services.container("metrics", 9100))
                        .withRestartPolicy("Always")
                        .build())
                .endSpec()
                .build();
        assertThat(ServicePods.targetPort(sidecar, Services.port("", 80, "metrics")))
                .isEqualTo(OptionalInt.of(9100));
        assertThat(ServicePods.targetPort(sidecar, Services.port("", 80, "setup")))
                .isEmpty();
    }

    @Test
    void aPodThatHasEndedOrHasNoAddressIsNoEndpoint() {
        assertThat(ServicePods.isEndpoint(Services.pod("a", "10.0.0.1"))).isTrue();
        assertThat(ServicePods.isEndpoint(Services.pod("a"))).isFalse();
        assertThat(ServicePods.isEndpoint(Pods.finished(Services.pod("a", "10.0.0.1"), "Failed")))
                .isFalse();
        assertThat(ServicePods.isEndpoint(Pods.finished(Services.pod("a", "10.0.0.1"), "Succeeded")))
                .isFalse();
    }

    @Test
    void aServiceWithoutSelectorOrWithAnExternalNameSelectsNoPods() {
        Service service = Services.service();
        assertThat(ServiceFacts.selectsPods(service)).isTrue();
        assertThat(ServiceFacts.selectsPods(new ServiceBuilder(service)
                        .editSpec()
                        .withSelector(null)
                        .endSpec()
                        .build()))
                .isFalse();
        assertThat(ServiceFacts.selectsPods(new ServiceBuilder(service)
                        .editSpec()
                        .withType("ExternalName")
                        .endSpec()
                        .build()))
                .isFalse();
    }

    @Test
    void theTriggerTimeIsThatOfTheFirstChangeNotYetKnown() {
        TriggerTimes times = new TriggerTimes();
        Service service = Services.service();
        Instant created = Instant.parse("2026-01-01T10:00:00Z");
        Instant noon = Services.THEN;
        assertThat(times.next(service, List.of(Services.pod("a", "10.0.0.1")))).contains(created);
        assertThat(times.next(service, List.of(Services.pod("a", "10.0.0.1")))).isEmpty();
        Pod later = Pods.notReady(Services.pod("a", "10.0.0.1"), noon.plusSeconds(9));
        Pod sooner = Pods.ready(Services.pod("b", "10.0.0.2"), noon.plusSeconds(5));
        assertThat(times.next(service, List.of(later, sooner))).contains(noon.plusSeconds(5));
        times.forget(new io.mokube.machinery.names.ObjectKey("default", "web"));
        assertThat(times.next(service, List.of(later))).contains(created);
    }
}
