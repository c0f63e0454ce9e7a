package io.mokube.apiserver.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The API server as a Spring Boot service. */
@SpringBootApplication
public class ApiServerApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(ApiServerApplication.class, arguments);
    }
}
