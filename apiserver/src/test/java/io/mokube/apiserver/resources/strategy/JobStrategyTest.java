package io.mokube.apiserver.resources.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.validation.WritePath;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** What may be asked of Jobs and CronJobs, and what may be changed later. */
class JobStrategyTest {

    private static final ResourceDefinition JOBS = WritePath.resource("batch", "jobs");
    private static final ResourceDefinition CRON_JOBS = WritePath.resource("batch", "cronjobs");

    private static String job(String restartPolicy, String spec) {
        return "{'metadata':{'name':'x','namespace':'default'},'spec':{" + spec + (spec.isEmpty() ? "" : ",")
                + "'template':{'spec':{'restartPolicy':'" + restartPolicy
                + "','containers':[{'name':'c','image':'i'}]}}}}";
    }

    private static String cronJob(String spec) {
        return "{'metadata':{'name':'x','namespace':'default'},'spec':{" + spec
                + ",'jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never',"
                + "'containers':[{'name':'c','image':'i'}]}}}}}}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Always|``|spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
                "Never|'completionMode':'Indexed','parallelism':1|spec.completions: Required value: when completion mode is Indexed",
                "Never|'backoffLimitPerIndex':1|spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
                "Never|'completionMode':'Indexed','completions':2,'maxFailedIndexes':1|spec.backoffLimitPerIndex: Required value:"
                        + " when maxFailedIndexes is specified",
                "Never|'completionMode':'Indexed','completions':2,'backoffLimitPerIndex':1,'maxFailedIndexes':3"
                        + "|spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions",
                "Never|'podReplacementPolicy':'Now'|spec.podReplacementPolicy: Unsupported value: \"Now\"",
                "Never|'managedBy':'me'|spec.managedBy: Invalid value: \"me\": must be a domain-prefixed path",
                "OnFailure|'podFailurePolicy':{'rules':[]}|spec.template.spec.restartPolicy: Invalid value: \"OnFailure\": only"
                        + " \"Never\" is supported when podFailurePolicy is specified",
                "Never|'podFailurePolicy':{'rules':[{'action':'FailIndex','onExitCodes':{'operator':'In','values':[1]}}]}"
                        + "|spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex",
                "Never|'podFailurePolicy':{'rules':[{'action':'Count'}]}"
                        + "|spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
                "Never|'podFailurePolicy':{'rules':[{'action':'Count','onExitCodes':{'operator':'In','values':[2,1]}}]}"
                        + "|spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered",
                "Never|'podFailurePolicy':{'rules':[{'action':'Count','onExitCodes':{'operator':'In','values':[0]}}]}"
                        + "|values[0]: Invalid value: 0: must not be 0 for the In operator",
                "Never|'podFailurePolicy':{'rules':[{'action':'Count','onExitCodes':{'containerName':'y','operator':'In','values':[1]}}]}"
                        + "|onExitCodes.containerName: Invalid value: \"y\": must be one of the container or initContainer names",
                "Never|'successPolicy':{'rules':[{'succeededCount':1}]}|requires indexed completion mode",
                "Never|'completionMode':'Indexed','completions':3,'successPolicy':{'rules':[{'succeededIndexes':'0-5'}]}"
                        + "|succeededIndexes: Invalid value: \"0-5\": error parsing succeededIndexes: too large index: \"5\"",
                "Never|'completionMode':'Indexed','completions':3,'successPolicy':{'rules':[{'succeededIndexes':'0,1','succeededCount':3}]}"
                        + "|must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
                "Never|'selector':{'matchLabels':{'a':'b'}}|not auto-generated",
                "Never|'manualSelector':true|spec.selector: Required value",
                "Never|'manualSelector':true,'selector':{'matchLabels':{'a':'b'}}|does not match template",
            })
    void badJobs(String restartPolicy, String spec, String message) {
        assertThatThrownBy(() -> WritePath.create(JOBS, job(restartPolicy, spec)))
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'schedule':'* * * *'|spec.schedule: Invalid value: \"* * * *\": expected exactly 5 fields, found 4: [* * * *]",
                "'schedule':'TZ=UTC * * * * *'|cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
                "'schedule':'@daily','timeZone':'Mars/Base'|spec.timeZone: Invalid value: \"Mars/Base\": unknown time zone Mars/Base",
                "'schedule':'@daily','timeZone':'+02:00'|unknown time zone +02:00",
                "'schedule':'@daily','timeZone':'Local'|timeZone must be an explicit time zone",
                "'schedule':'@daily','timeZone':''|timeZone must be nil or non-empty string",
            })
    void badCronJobs(String spec, String message) {
        assertThatThrownBy(() -> WritePath.create(CRON_JOBS, cronJob(spec))).hasMessageContaining(message);
    }

    @Test
    void goodCronJobs() {
        KubeObject made =
                WritePath.create(CRON_JOBS, cronJob("'schedule':'*/5 9-17 * * mon-fri','timeZone':'Asia/Tokyo'"));
        assertThat(made.at("spec", "concurrencyPolicy").stringValue()).isEqualTo("Allow");
        assertThat(made.at("spec", "successfulJobsHistoryLimit").asInt()).isEqualTo(3);
        assertThat(made.at("spec", "failedJobsHistoryLimit").asInt()).isEqualTo(1);
    }

    /** A change of the spec, given as JSON to be merged, of a Job whose status is given too. */
    private static void change(String spec, String status, String changes) {
        KubeObject old = WritePath.create(JOBS, job("Never", spec));
        if (!status.isEmpty()) {
            old.root().set("status", tree(status));
        }
        ObjectNode changed = old.root().deepCopy();
        merge((ObjectNode) changed.get("spec"), tree(changes));
        WritePath.update(JOBS, old, changed.toString());
    }

    private static ObjectNode tree(String text) {
        return (ObjectNode) Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    private static void merge(ObjectNode into, ObjectNode from) {
        from.properties().forEach(field -> {
            if (field.getValue() instanceof ObjectNode child && into.get(field.getKey()) instanceof ObjectNode there) {
                merge(there, child);
            } else {
                into.set(field.getKey(), field.getValue());
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'completions':3|``|{'completions':4}|spec.completions: Invalid value: 4: field is immutable",
                "'completions':3,'completionMode':'Indexed','parallelism':2|``|{'completions':4}"
                        + "|spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism",
                "'completions':3|``|{'completionMode':'Indexed'}|spec.completionMode",
                "'completions':3|``|{'managedBy':'a.b/c'}|spec.managedBy",
                "'completions':3|``|{'template':{'spec':{'nodeSelector':{'a':'b'}}}}|spec.template",
                "'suspend':true|{'startTime':'2026-01-01T00:00:00Z'}|{'template':{'spec':{'nodeSelector':{'a':'b'}}}}|spec.template",
                "'suspend':true|{'active':1}|{'template':{'spec':{'nodeSelector':{'a':'b'}}}}|spec.template",
                "'suspend':true|``|{'template':{'spec':{'terminationGracePeriodSeconds':5}}}|spec.template",
            })
    void whatMayNotChange(String spec, String status, String changes, String message) {
        assertThatThrownBy(() -> change(spec, status, changes)).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'completions':3|``|{'parallelism':7,'suspend':true,'backoffLimit':1,'ttlSecondsAfterFinished':5}",
                "'completions':3,'completionMode':'Indexed','parallelism':3|``|{'completions':4,'parallelism':4}",
                "'suspend':true|``|{'template':{'spec':{'nodeSelector':{'a':'b'}},'metadata':{'annotations':{'a':'b'}}}}",
                "'suspend':true|{'startTime':'2026-01-01T00:00:00Z','conditions':[{'type':'Suspended','status':'True'}]}"
                        + "|{'template':{'spec':{'tolerations':[{'key':'a','operator':'Exists'}]}}}",
            })
    void whatMayChange(String spec, String status, String changes) {
        assertThatCode(() -> change(spec, status, changes)).doesNotThrowAnyException();
    }
}
