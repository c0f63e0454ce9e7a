package io.mokube.scheduler.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The scheduler as a Spring Boot service. */
@SpringBootApplication
public class SchedulerApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(SchedulerApplication.class, arguments);
    }
}
