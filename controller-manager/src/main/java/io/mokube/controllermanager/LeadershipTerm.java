package io.mokube.controllermanager;

import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ApiClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ControllerList;
import io.mokube.machinery.component.Component.Readiness;
import io.mokube.machinery.component.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The controllers, informers and event recorders of one term of leadership. Started once and stopped once. */
final class LeadershipTerm {

    private static final Logger log = LoggerFactory.getLogger(LeadershipTerm.class);

    private final InformerFactory informers;
    private final Map<String, EventRecorder> recorders = new ConcurrentHashMap<>();
    private final List<Controller> controllers = new ArrayList<>();
    private final Set<Controller> started = ConcurrentHashMap.newKeySet();
    private final List<Thread> starters = new ArrayList<>();
    private boolean stopped;

    LeadershipTerm(ControllerManagerConfig config, ApiClient client, Platform platform) {
        informers = new InformerFactory(client);
        ControllerContext context = new ControllerContext(
                client,
                informers,
                name -> recorders.computeIfAbsent(name, component -> new EventRecorder(client, component, "")),
                config,
                platform);
        ControllerList.ALL.forEach(create -> controllers.add(create.apply(context)));
    }

    /** Starts each controller as soon as the informers it needs are filled, whatever the others wait for. */
    synchronized void start() {
        informers.start();
        for (Controller controller : controllers) {
            starters.add(
                    Thread.ofVirtual().name("start " + controller.name()).start(() -> startWhenFilled(controller)));
        }
    }

    private void startWhenFilled(Controller controller) {
        try {
            for (Informer<?> informer : controller.needs()) {
                while (!informer.awaitSynced(Duration.ofMinutes(1))) {
                    log.atWarn()
                            .setMessage("a controller waits for its informer")
                            .addKeyValue("controller", controller.name())
                            .addKeyValue("resource", informer.type())
                            .log();
                }
            }
        } catch (InterruptedException e) {
            return; // the term is over
        }
        synchronized (this) {
            if (!stopped) {
                controller.start();
                started.add(controller);
            }
        }
    }

    Readiness readiness() {
        for (Controller controller : controllers) {
            if (!started.contains(controller)) {
                return Readiness.waitingFor(controller.name() + " waits for its informers");
            }
        }
        return Readiness.READY;
    }

    /** Stops all controllers side by side, so that the grace period passes only once. */
    void stop(Duration grace) {
        synchronized (this) {
            if (stopped) {
                return;
            }
            stopped = true;
        }
        starters.forEach(Thread::interrupt);
        List<Thread> stoppers = new ArrayList<>();
        for (Controller controller : controllers) {
            stoppers.add(Thread.ofVirtual().name("stop " + controller.name()).start(() -> controller.stop(grace)));
        }
        try {
            for (Thread stopper : stoppers) {
                stopper.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        informers.close();
        recorders.values().forEach(EventRecorder::close);
    }
}
