package io.mokube.controllermanager.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The controller manager as a Spring Boot service. */
@SpringBootApplication
public class ControllerManagerApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(ControllerManagerApplication.class, arguments);
    }
}
