package io.mokube.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.util.Objects;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Over the real schemas of pods and deployments, from whose lists the documented cases come. */
class StrategicMergePatchTest {

    private static final ResourceRegistry REGISTRY = ResourceRegistry.ofBuiltIns();
    private static final Schema POD = schema("", "pods");
    private static final Schema DEPLOYMENT = schema("apps", "deployments");

    private static Schema schema(String group, String plural) {
        return REGISTRY.find(group, plural).orElseThrow().storage().schema().get();
    }

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    private static ObjectNode spec(String text) {
        return json("{'spec':" + text + "}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // a list merges by its key, new items go to the front
                "{'containers':[{'name':'a','image':'1'}]}|{'containers':[{'name':'b','image':'2'}]}|"
                        + "{'containers':[{'name':'b','image':'2'},{'name':'a','image':'1'}]}",
                "{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}|{'containers':[{'name':'b'},{'name':'d'}]}|"
                        + "{'containers':[{'name':'a'},{'name':'b'},{'name':'d'},{'name':'c'}]}",
                "{'containers':[{'name':'a','image':'1'},{'name':'b','tty':true}]}|{'containers':[{'name':'b','image':'2'}]}|"
                        + "{'containers':[{'name':'a','image':'1'},{'name':'b','tty':true,'image':'2'}]}",
                "{'containers':[{'name':'a','env':[{'name':'X','value':'1'}]}]}|"
                        + "{'containers':[{'name':'a','env':[{'name':'Y','value':'2'}]}]}|"
                        + "{'containers':[{'name':'a','env':[{'name':'Y','value':'2'},{'name':'X','value':'1'}]}]}",
                // lists without a key are replaced
                "{'tolerations':[{'key':'a'}]}|{'tolerations':[{'key':'b'}]}|{'tolerations':[{'key':'b'}]}",
                "{'containers':[{'name':'a','command':['x']}]}|{'containers':[{'name':'a','command':['y']}]}|"
                        + "{'containers':[{'name':'a','command':['y']}]}",
                // null removes, maps merge
                "{'nodeSelector':{'a':'1','b':'2'}}|{'nodeSelector':{'a':null,'c':'3'}}|{'nodeSelector':{'b':'2','c':'3'}}",
                "{'nodeName':'n'}|{'nodeName':null,'hostname':'h'}|{'hostname':'h'}",
                // directives
                "{'containers':[{'name':'a'},{'name':'b'}]}|{'containers':[{'$patch':'delete','name':'a'}]}|"
                        + "{'containers':[{'name':'b'}]}",
                "{'containers':[{'name':'a'},{'name':'b'}]}|{'containers':[{'$patch':'replace'},{'name':'c'}]}|"
                        + "{'containers':[{'name':'c'}]}",
                "{'nodeSelector':{'a':'1'}}|{'nodeSelector':{'$patch':'replace','b':'2'}}|{'nodeSelector':{'b':'2'}}",
                "{'nodeSelector':{'a':'1'}}|{'nodeSelector':{'$patch':'delete'}}|{'nodeSelector':{}}",
                "{'nodeName':'n'}|{'nodeSelector':{'$patch':'replace','b':'2'}}|{'nodeName':'n','nodeSelector':{'b':'2'}}",
                "{'volumes':[{'name':'v','emptyDir':{}}]}|"
                        + "{'volumes':[{'name':'v','hostPath':{'path':'/'},'$retainKeys':['name','hostPath']}]}|"
                        + "{'volumes':[{'name':'v','hostPath':{'path':'/'}}]}",
                // nulls and directives have nothing to do where nothing was
                "{}|{'containers':[{'name':'a','image':null,'$patch':'merge'},{'name':'b','$patch':'delete'}]}|"
                        + "{'containers':[{'name':'a'}]}",
                // order
                "{'containers':[{'name':'a'},{'name':'b'}]}|{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}|"
                        + "{'containers':[{'name':'b'},{'name':'a'}]}",
                "{'containers':[{'name':'a'},{'name':'x'},{'name':'b'}]}|"
                        + "{'$setElementOrder/containers':[{'name':'b'},{'name':'c'},{'name':'a'}],"
                        + "'containers':[{'name':'c'}]}|"
                        + "{'containers':[{'name':'x'},{'name':'b'},{'name':'c'},{'name':'a'}]}",
                "{'containers':[{'name':'a'},{'name':'b'}]}|{'$setElementOrder/containers':[{'name':'a'},{'name':'c'}],"
                        + "'containers':[{'name':'c'},{'name':'b','$patch':'delete'}]}|"
                        + "{'containers':[{'name':'a'},{'name':'c'}]}",
            })
    void podSpecs(String target, String patch, String expected) {
        assertThat(StrategicMergePatch.apply(spec(target), spec(patch), POD)).isEqualTo(spec(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'finalizers':['a/1','a/2']}|{'finalizers':['a/3','a/1']}|{'finalizers':['a/3','a/1','a/2']}",
                "{'finalizers':['a/1','a/2']}|{'$deleteFromPrimitiveList/finalizers':['a/1']}|{'finalizers':['a/2']}",
                "{'finalizers':['a/1','a/2']}|{'$deleteFromPrimitiveList/finalizers':['a/1'],'finalizers':['a/0'],"
                        + "'$setElementOrder/finalizers':['a/0','a/2']}|{'finalizers':['a/0','a/2']}",
                "{'ownerReferences':[{'uid':'1','name':'a'}]}|{'ownerReferences':[{'uid':'1','$patch':'delete'}]}|"
                        + "{'ownerReferences':[]}",
            })
    void metadata(String target, String patch, String expected) {
        assertThat(StrategicMergePatch.apply(
                        json("{'metadata':" + target + "}"), json("{'metadata':" + patch + "}"), POD))
                .isEqualTo(json("{'metadata':" + expected + "}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}|"
                        + "{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}|{'strategy':{'type':'Recreate'}}",
                "{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80}]}]}}}|"
                        + "{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':81}]}]}}}|"
                        + "{'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':81},"
                        + "{'containerPort':80}]}]}}}",
            })
    void deployments(String target, String patch, String expected) {
        assertThat(StrategicMergePatch.apply(spec(target), spec(patch), DEPLOYMENT))
                .isEqualTo(spec(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'containers':[{'image':'1'}]}|map: {\"image\":\"1\"} does not contain declared merge key: name",
                "{'nodeSelector':{'$patch':'frob'}}|unknown patch type 'frob'",
                "{'containers':[1]}|unable to merge a list of objects with the value 1",
                "{'$retainKeys':['a'],'nodeName':'n'}|invalid patch format of retainKeys",
                "{'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'b'}]}|doesn't match $setElementOrder"
                        + " list",
                "{'$setElementOrder/containers':7,'containers':[{'name':'b'}]}|must be a list",
            })
    void badPatches(String patch, String message) {
        ObjectNode target = spec("{'containers':[{'name':'a'}],'nodeSelector':{'a':'b'}}");
        ApiException refusal = Objects.requireNonNull(
                catchThrowableOfType(ApiException.class, () -> StrategicMergePatch.apply(target, spec(patch), POD)));
        assertThat(refusal.code()).isEqualTo(400);
        assertThat(refusal.status().message()).contains(message);
    }

    /** A budget's selector is one thing, whatever its type is elsewhere. */
    @Test
    void selectorsOfBudgetsAreReplaced() {
        assertThat(StrategicMergePatch.apply(
                        spec("{'selector':{'matchLabels':{'a':'1'}}}"),
                        spec("{'selector':{'matchLabels':{'b':'1'}}}"),
                        schema("policy", "poddisruptionbudgets")))
                .isEqualTo(spec("{'selector':{'matchLabels':{'b':'1'}}}"));
    }

    /** Against a model with nothing but lists to search through, over random objects and patches with all directives. */
    @Property(tries = 3000)
    void followsTheModel(@ForAll long seed) {
        StrategicMergeModel model = new StrategicMergeModel(new SplittableRandom(seed));
        ObjectNode target = model.target();
        ObjectNode patch = model.patch(target);
        ObjectNode expected = model.merge(target, patch);
        ObjectNode given = patch.deepCopy();
        ObjectNode merged = StrategicMergePatch.apply(target.deepCopy(), given, StrategicMergeModel.SCHEMA);
        assertThat(merged).as("%s patched with %s", target, patch).isEqualTo(expected);
        assertThat(given).isEqualTo(patch);
        assertThat(merged.toString()).doesNotContain("$");
    }
}
