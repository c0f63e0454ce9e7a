package io.mokube.scheduler.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The options of kube-scheduler that the service takes. */
class SchedulerApplicationTest {

    @Test
    void theConfigurationFileIsNamedAsForKubeScheduler() {
        assertThat(SchedulerApplication.withProperties("--config", "a.yaml", "--server.port=0"))
                .containsExactly("--mokube.config=a.yaml", "--server.port=0");
        assertThat(SchedulerApplication.withProperties("--config=a.yaml")).containsExactly("--mokube.config=a.yaml");
        assertThat(SchedulerApplication.withProperties("--config")).containsExactly("--config");
    }
}
