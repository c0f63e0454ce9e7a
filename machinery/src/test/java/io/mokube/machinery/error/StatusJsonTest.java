package io.mokube.machinery.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.GroupResource;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusJsonTest {

    @Test
    void writesWhatKubernetesWrites() {
        Status status = ApiException.notFound(new GroupResource("apps", "deployments"), "web")
                .status();
        assertThat(StatusJson.write(status)).hasToString("""
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
                "message":"deployments.apps \\"web\\" not found","reason":"NotFound",\
                "details":{"name":"web","group":"apps","kind":"deployments"},"code":404}""");
    }

    @Test
    void readsWhatItWrites() {
        Status status = ApiException.invalid(
                        "apps",
                        "Deployment",
                        "web",
                        List.of(
                                FieldError.required("metadata.name", "name or generateName is required"),
                                FieldError.invalid("spec.replicas", -1, "must be greater than or equal to 0")))
                .status();
        assertThat(StatusJson.read(StatusJson.write(status), 500)).isEqualTo(status);
        assertThat(status.message())
                .isEqualTo("Deployment.apps \"web\" is invalid: [metadata.name: Required value: name or generateName is"
                        + " required, spec.replicas: Invalid value: -1: must be greater than or equal to 0]");
    }
}
