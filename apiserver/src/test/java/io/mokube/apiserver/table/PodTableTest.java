package io.mokube.apiserver.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodTableTest {

    private static final String NOW = "2026-01-01T12:00:00Z";

    /** Ready, status and restarts of pods with two containers, in the words of the status given in YAML-like JSON. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    fresh               | {"phase":"Pending"} | 0/2 | Pending | 0
                    gated               | {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]} | 0/2 | SchedulingGated | 0
                    creating            | {"phase":"Pending","containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ContainerCreating"}}},{"name":"b","state":{"waiting":{"reason":"ContainerCreating"}}}]} | 0/2 | ContainerCreating | 0
                    running             | {"phase":"Running","containerStatuses":[{"name":"a","ready":true,"state":{"running":{}}},{"name":"b","ready":true,"state":{"running":{}}}]} | 2/2 | Running | 0
                    not ready           | {"phase":"Running","containerStatuses":[{"name":"a","ready":true,"state":{"running":{}}},{"name":"b","ready":false,"state":{"running":{}}}]} | 1/2 | Running | 0
                    first has last word | {"phase":"Running","containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ImagePullBackOff"}}},{"name":"b","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]} | 0/2 | ImagePullBackOff | 0
                    crashing            | {"phase":"Running","containerStatuses":[{"name":"a","restartCount":3,"lastState":{"terminated":{"finishedAt":"2026-01-01T11:54:30Z"}},"state":{"waiting":{"reason":"CrashLoopBackOff"}}},{"name":"b","ready":true,"state":{"running":{}}}]} | 1/2 | CrashLoopBackOff | 3 (5m30s ago)
                    completed           | {"phase":"Succeeded","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]} | 0/2 | Completed | 0
                    one completed       | {"phase":"Running","conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]} | 1/2 | NotReady | 0
                    one completed ready | {"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]} | 1/2 | Running | 0
                    failed              | {"phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]} | 0/2 | Error | 0
                    evicted             | {"phase":"Failed","reason":"Evicted"} | 0/2 | Evicted | 0
                    """)
    void theStatusSumsUpWhatHappens(String name, String status, String ready, String summary, String restarts) {
        String pod =
                "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]},\"status\":"
                        + status
                        + "}";
        assertThat(TableCells.of(new PodTable(), pod, NOW).subList(1, 4)).containsExactly(ready, summary, restarts);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    none begun   | [] | 0/2 | Pending
                    first runs   | [{"name":"i1","state":{"running":{}}}] | 0/2 | Init:0/3
                    second runs  | [{"name":"i1","state":{"terminated":{"exitCode":0}}},{"name":"i2","state":{"waiting":{"reason":"PodInitializing"}}}] | 0/2 | Init:1/3
                    first failed | [{"name":"i1","state":{"terminated":{"exitCode":3}}}] | 0/2 | Init:ExitCode:3
                    by a signal  | [{"name":"i1","state":{"terminated":{"exitCode":137,"signal":9}}}] | 0/2 | Init:Signal:9
                    in back-off  | [{"name":"i1","state":{"waiting":{"reason":"CrashLoopBackOff"}}}] | 0/2 | Init:CrashLoopBackOff
                    sidecar on   | [{"name":"i1","state":{"terminated":{"exitCode":0}}},{"name":"side","started":true,"ready":true,"state":{"running":{}}},{"name":"i2","state":{"running":{}}}] | 1/2 | Init:2/3
                    """)
    void initContainersAreCountedUntilTheyAreThrough(String name, String statuses, String ready, String summary) {
        String pod = "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\"}],\"initContainers\":"
                + "[{\"name\":\"i1\"},{\"name\":\"side\",\"restartPolicy\":\"Always\"},{\"name\":\"i2\"}]},"
                + "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":"
                + statuses
                + "}}";
        assertThat(TableCells.of(new PodTable(), pod, NOW).subList(1, 3)).containsExactly(ready, summary);
    }

    @Test
    void deletionShowsUntilThePodHasEnded() {
        String deleted = "\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":\"2026-01-01T11:59:00Z\"}";

        assertThat(TableCells.of(new PodTable(), "{" + deleted + ",\"status\":{\"phase\":\"Running\"}}", NOW))
                .contains("Terminating");
        assertThat(TableCells.of(new PodTable(), "{" + deleted + ",\"status\":{\"phase\":\"Succeeded\"}}", NOW))
                .contains("Succeeded");
        assertThat(TableCells.of(
                        new PodTable(),
                        "{" + deleted + ",\"status\":{\"phase\":\"Running\",\"reason\":\"NodeLost\"}}",
                        NOW))
                .contains("Unknown");
    }

    @Test
    void wideCellsTellWhereThePodIs() {
        String pod = """
                {"metadata":{"name":"web","creationTimestamp":"2026-01-01T09:00:00Z"},
                 "spec":{"nodeName":"n1","containers":[{"name":"a"}],"readinessGates":[{"conditionType":"x/y"}]},
                 "status":{"phase":"Running","podIPs":[{"ip":"10.0.0.7"}],"conditions":[{"type":"x/y","status":"True"}]}}
                """;

        assertThat(TableCells.of(new PodTable(), pod, NOW))
                .containsExactly("web", "0/1", "Running", "0", "3h", "10.0.0.7", "n1", "<none>", "1/1");
        assertThat(new PodTable().columns().stream().map(TableLayout.Column::name))
                .isEqualTo(List.of(
                        "Name",
                        "Ready",
                        "Status",
                        "Restarts",
                        "Age",
                        "IP",
                        "Node",
                        "Nominated Node",
                        "Readiness Gates"));
    }
}
