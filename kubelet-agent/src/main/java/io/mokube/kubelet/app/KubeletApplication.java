package io.mokube.kubelet.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The kubelet agent as a Spring Boot service. */
@SpringBootApplication
public class KubeletApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(KubeletApplication.class, arguments);
    }
}
