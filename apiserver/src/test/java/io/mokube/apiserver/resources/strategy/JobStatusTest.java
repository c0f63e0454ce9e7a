package io.mokube.apiserver.resources.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.validation.WritePath;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** What the status of a Job may become, whoever its controller is. */
class JobStatusTest {

    private static final ResourceDefinition JOBS = WritePath.resource("batch", "jobs");

    /** Conditions that are true, by their names. */
    private static String expand(String status) {
        String text = status;
        for (String type : new String[] {"Complete", "Failed", "FailureTarget", "SuccessCriteriaMet", "Suspended"}) {
            text = text.replace("<" + type + ">", "{'type':'" + type + "','status':'True'}");
        }
        return text.replace("T1", "'2026-01-01T00:00:00Z'").replace("T2", "'2026-01-02T00:00:00Z'");
    }

    private static ObjectNode tree(String text) {
        return (ObjectNode) Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    /** One status after another, of a Job with this spec. */
    private static void become(String spec, String before, String after) {
        String job = "{'metadata':{'name':'x','namespace':'default'},'spec':{" + spec + (spec.isEmpty() ? "" : ",")
                + "'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':'i'}]}}}}";
        KubeObject old = WritePath.create(JOBS, job);
        old.root().set("status", tree("{" + expand(before) + "}"));
        ObjectNode changed = old.root().deepCopy();
        changed.set("status", tree("{" + expand(after) + "}"));
        WritePath.updateStatus(JOBS, old, changed.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // counts
                "``|``|'active':-1|status.active: Invalid value: -1: must be greater than or equal to 0",
                "``|``|'active':1,'terminating':-1|status.terminating: Invalid value: -1: must be greater than or equal to 0",
                "``|'failed':2|'failed':1|status.failed: Invalid value: 1: cannot decrease the failed counter",
                "``|'failed':2|``|status.failed: Invalid value: 0: cannot decrease the failed counter",
                "``|'succeeded':2|'succeeded':1|status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
                "'completionMode':'Indexed','completions':3,'parallelism':2|'succeeded':2|'succeeded':1"
                        + "|status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
                "``|``|'active':1,'ready':2|status.ready: Invalid value: 2: cannot set more ready pods than active",
                // pods that are not counted yet
                "``|``|'uncountedTerminatedPods':{'succeeded':['a','']}"
                        + "|status.uncountedTerminatedPods.succeeded[1]: Invalid value: \"\": must not be empty",
                "``|``|'uncountedTerminatedPods':{'succeeded':['a'],'failed':['b','a']}"
                        + "|status.uncountedTerminatedPods.failed[1]: Duplicate value: \"a\"",
                // conditions
                "``|``|'startTime':T1,'completionTime':T2,'conditions':[<SuccessCriteriaMet>,<Complete>,<Failed>]"
                        + "|status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions",
                "``|``|'startTime':T1,'completionTime':T2,'conditions':[<SuccessCriteriaMet>,<Complete>,<FailureTarget>]"
                        + "|status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions",
                "``|``|'startTime':T1,'conditions':[<Failed>]"
                        + "|cannot set Failed=True condition without the FailureTarget=true condition",
                "``|``|'startTime':T1,'completionTime':T2,'conditions':[<Complete>]"
                        + "|cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
                "``|``|'startTime':T1,'conditions':[<SuccessCriteriaMet>,<FailureTarget>,<Failed>]"
                        + "|cannot set SuccessCriteriaMet=True and Failed=true conditions",
                "``|``|'conditions':[<SuccessCriteriaMet>,<FailureTarget>]"
                        + "|cannot set SuccessCriteriaMet=True and FailureTarget=true conditions",
                "``|'startTime':T1,'conditions':[<FailureTarget>,<Failed>]|'startTime':T1,'conditions':[<FailureTarget>]"
                        + "|cannot disable the terminal Failed=True condition",
                "``|'startTime':T1,'conditions':[<FailureTarget>]|'startTime':T1"
                        + "|cannot disable the terminal FailureTarget=True condition",
                "``|'startTime':T1,'completionTime':T2,'conditions':[<SuccessCriteriaMet>,<Complete>]"
                        + "|'startTime':T1,'conditions':[<SuccessCriteriaMet>]|cannot disable the terminal Complete=True condition",
                "``|'conditions':[<SuccessCriteriaMet>]|``|cannot disable the SuccessCriteriaMet=True condition",
                "``|'startTime':T1,'completionTime':T2,'conditions':[<Complete>]"
                        + "|'startTime':T1,'completionTime':T2,'conditions':[<Complete>,<SuccessCriteriaMet>]"
                        + "|cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions",
                "'completionMode':'Indexed','completions':3,'successPolicy':{'rules':[{'succeededCount':1}]}|``"
                        + "|'startTime':T1,'completionTime':T2,'conditions':[<Complete>]"
                        + "|cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
                // times
                "``|``|'startTime':T1,'completionTime':T2"
                        + "|status.completionTime: Invalid value: \"2026-01-02T00:00:00Z\": cannot set completionTime when there is"
                        + " no Complete=True condition",
                "``|``|'startTime':T1,'conditions':[<SuccessCriteriaMet>,<Complete>]"
                        + "|status.completionTime: Required value: completionTime is required for Complete jobs",
                "``|``|'startTime':T2,'completionTime':T1,'conditions':[<SuccessCriteriaMet>,<Complete>]"
                        + "|completionTime cannot be set before startTime",
                "``|'startTime':T1,'completionTime':T1,'conditions':[<SuccessCriteriaMet>,<Complete>]"
                        + "|'startTime':T1,'completionTime':T2,'conditions':[<SuccessCriteriaMet>,<Complete>]"
                        + "|completionTime cannot be mutated",
                "``|'startTime':T1|'startTime':T2"
                        + "|status.startTime: Invalid value: \"2026-01-02T00:00:00Z\": field is immutable for unsuspended job once set",
                "``|'startTime':T1|``|field is immutable for unsuspended job once set",
                // the end
                "``|``|'conditions':[<FailureTarget>,<Failed>]"
                        + "|status.startTime: Required value: startTime is required for finished job",
                "``|'active':1|'active':1,'startTime':T1,'conditions':[<FailureTarget>,<Failed>]"
                        + "|status.active: Invalid value: 1: active>0 is invalid for finished job",
                "``|``|'terminating':1,'startTime':T1,'conditions':[<FailureTarget>,<Failed>]"
                        + "|status.terminating: Invalid value: 1: terminating>0 is invalid for finished job",
                "``|``|'uncountedTerminatedPods':{'failed':['a']},'startTime':T1,'conditions':[<FailureTarget>,<Failed>]"
                        + "|uncountedTerminatedPods needs to be empty for finished job",
                // indexes
                "``|``|'completedIndexes':'0'|status.completedIndexes: Invalid value: \"0\": cannot set non-empty completedIndexes"
                        + " when non-indexed completion mode",
                "'completionMode':'Indexed','completions':3|``|'completedIndexes':'1,3'"
                        + "|status.completedIndexes: Invalid value: \"1,3\": error parsing completedIndexes: too large index: \"3\"",
                "'completionMode':'Indexed','completions':3|``|'failedIndexes':'1'"
                        + "|status.failedIndexes: Invalid value: \"1\": cannot set non-null failedIndexes when backoffLimitPerIndex is null",
                "'completionMode':'Indexed','completions':3,'backoffLimitPerIndex':1|``|'failedIndexes':'a'"
                        + "|error parsing failedIndexes: cannot convert string to integer for index: \"a\"",
                "'completionMode':'Indexed','completions':9,'backoffLimitPerIndex':1|``"
                        + "|'completedIndexes':'0-3,6','failedIndexes':'4,6-7'|failedIndexes and completedIndexes overlap at index: 6",
            })
    void refused(String spec, String before, String after, String message) {
        assertThatThrownBy(() -> become(spec, before, after)).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|``|'startTime':T1,'active':2,'ready':1",
                "``|'startTime':T1,'active':1|'startTime':T1,'uncountedTerminatedPods':{'succeeded':['a'],'failed':['b']}",
                "``|'startTime':T1,'uncountedTerminatedPods':{'failed':['b']}"
                        + "|'startTime':T1,'failed':1,'uncountedTerminatedPods':{},'conditions':[<FailureTarget>,<Failed>]",
                "``|'startTime':T1|'startTime':T1,'completionTime':T2,'succeeded':1,'conditions':[<SuccessCriteriaMet>,<Complete>]",
                // a suspended Job forgets when it began
                "'suspend':true|'startTime':T1|'conditions':[<Suspended>]",
                "``|'conditions':[<Suspended>]|'startTime':T2",
                // fewer completions cut off indexes that are done
                "'completionMode':'Indexed','completions':2,'parallelism':2|'succeeded':3,'completedIndexes':'0-2'"
                        + "|'succeeded':2,'completedIndexes':'0,1'",
                "'completionMode':'Indexed','completions':2,'parallelism':1|'succeeded':3,'completedIndexes':'0-2'"
                        + "|'succeeded':2,'completedIndexes':'0,1'",
                // what was broken before stays so as long as nobody touches it
                "``|'conditions':[<Failed>]|'conditions':[<Failed>],'active':0",
                "``|'active':1,'ready':2|'active':1,'ready':2,'failed':1",
                "'completionMode':'Indexed','completions':2|'completedIndexes':'5'|'completedIndexes':'5','failed':1",
                "'completionMode':'Indexed','completions':3,'backoffLimitPerIndex':1|``|'completedIndexes':'0,2','failedIndexes':'1'",
                "'completionMode':'Indexed','completions':3,'backoffLimitPerIndex':1|``|'failedIndexes':''",
            })
    void accepted(String spec, String before, String after) {
        assertThatCode(() -> become(spec, before, after)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|0|",
                "0|1|",
                "0-4|5|",
                "0,2-3,7|4|",
                "0-1-2|0|the fragment \"0-1-2\" violates the requirement that an index interval can have at most two parts"
                        + " separated by '-'",
                "1,|1|cannot convert string to integer for index: \"\"",
                "x|0|cannot convert string to integer for index: \"x\"",
                "0-x|0|cannot convert string to integer for index: \"x\"",
                "9|0|too large index: \"9\"",
                "0-9|0|too large index: \"9\"",
                "3-3|0|non-increasing order, previous: 3, current: 3",
                "3,2|1|non-increasing order, previous: 3, current: 2",
                "1-3,3|3|non-increasing order, previous: 3, current: 3",
            })
    void indexesOfNine(String text, int count, String error) {
        IndexIntervals indexes = IndexIntervals.parse(text, 9);
        assertThat(indexes.count()).isEqualTo(count);
        assertThat(indexes.error()).isEqualTo(Optional.ofNullable(error));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"0-3|4-5|", "0-3|3|3", "1,5|0,2-7|5", "``|1|", "2-4|0-8|2", "0,2,4|1,3,5|"})
    void commonIndexes(String one, String other, Long first) {
        IndexIntervals a = IndexIntervals.parse(one, 9);
        IndexIntervals b = IndexIntervals.parse(other, 9);
        OptionalLong expected = first == null ? OptionalLong.empty() : OptionalLong.of(first);
        assertThat(a.firstCommon(b)).isEqualTo(expected);
        assertThat(b.firstCommon(a)).isEqualTo(expected);
    }
}
