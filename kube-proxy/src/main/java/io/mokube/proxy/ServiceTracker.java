package io.mokube.proxy;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServiceReader;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Knows which services changed since they were last asked for. Handlers tell it; one thread takes the changes. */
final class ServiceTracker {

    private static final String BY_SERVICE = "service";
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

    /** More changes than this are not measured one by one. */
    private static final int MOST_TRIGGERS = 1000;

    private final Informer<Service> services;
    private final Informer<EndpointSlice> slices;
    private final ProxyMetrics metrics;
    private final Clock clock;
    private final Runnable changed;

    /** Used by the thread that takes the changes. */
    private final Map<ObjectKey, ServiceFacts> facts = new HashMap<>();

    private final Object pending = new Object();
    private Set<ObjectKey> dirty = new HashSet<>();
    private List<Instant> triggers = new ArrayList<>();

    /** Makes a tracker that calls back after each change. */
    @FunctionalInterface
    interface Maker {
        ServiceTracker make(Runnable changed);
    }

    /**
     * What changed.
     *
     * @param changes what is known of each service that is another than before; nothing of one that is gone
     * @param connectionless whether a service that is another speaks more than TCP
     * @param triggers when the changes behind it happened
     */
    record Taken(Map<ObjectKey, Optional<ServiceFacts>> changes, boolean connectionless, List<Instant> triggers) {}

    /**
     * @param changed called after each change; must be quick
     */
    ServiceTracker(
            Informer<Service> services,
            Informer<EndpointSlice> slices,
            ProxyMetrics metrics,
            Clock clock,
            Runnable changed) {
        this.services = services;
        this.slices = slices;
        this.metrics = metrics;
        this.clock = clock;
        this.changed = changed;
        slices.addIndex(
                BY_SERVICE,
                slice -> service(slice).map(ObjectKey::toString).stream().toList());
        services.addHandler(Handler.each(service -> {
            metrics.serviceChanged(clock.instant());
            touch(new ObjectKey(
                    service.getMetadata().getNamespace(), service.getMetadata().getName()));
        }));
        slices.addHandler(new SliceHandler());
    }

    private final class SliceHandler implements Handler<EndpointSlice> {
        @Override
        public void added(EndpointSlice slice) {
            touch(slice);
        }

        @Override
        public void updated(EndpointSlice before, EndpointSlice now) {
            if (!service(before).equals(service(now))) {
                touch(before);
            }
            touch(now);
        }

        @Override
        public void deleted(EndpointSlice last) {
            touch(last);
        }

        private void touch(EndpointSlice slice) {
            metrics.endpointsChanged(clock.instant());
            triggerTime(slice).ifPresent(time -> {
                synchronized (pending) {
                    if (triggers.size() < MOST_TRIGGERS) {
                        triggers.add(time);
                    }
                }
            });
            service(slice).ifPresent(ServiceTracker.this::touch);
        }
    }

    private static Optional<ObjectKey> service(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        return Optional.ofNullable(labels == null ? null : labels.get(SERVICE_NAME))
                .map(name -> new ObjectKey(slice.getMetadata().getNamespace(), name));
    }

    private static Optional<Instant> triggerTime(EndpointSlice slice) {
        Map<String, String> annotations = slice.getMetadata().getAnnotations();
        String time = annotations == null ? null : annotations.get(TRIGGER_TIME);
        try {
            return Optional.ofNullable(time).map(Instant::parse);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private void touch(ObjectKey service) {
        synchronized (pending) {
            dirty.add(service);
        }
        changed.run();
    }

    /** All services as they were when changes were taken last. */
    Collection<ServiceFacts> all() {
        return facts.values();
    }

    /** Takes all changes. */
    Taken take() {
        Set<ObjectKey> keys;
        List<Instant> times;
        synchronized (pending) {
            keys = dirty;
            times = triggers;
            dirty = new HashSet<>();
            triggers = new ArrayList<>();
        }
        Map<ObjectKey, Optional<ServiceFacts>> changes = new HashMap<>();
        boolean connectionless = false;
        for (ObjectKey key : keys) {
            ServiceFacts before = facts.get(key);
            ServiceFacts now = services.store()
                    .get(key)
                    .flatMap(service ->
                            ServiceReader.read(service, slices.store().byIndex(BY_SERVICE, key.toString())))
                    .orElse(null);
            if (Objects.equals(now, before)) {
                continue;
            }
            changes.put(key, Optional.ofNullable(now));
            if (now == null) {
                facts.remove(key);
            } else {
                facts.put(key, now);
                connectionless |= now.isConnectionless();
            }
            connectionless |= before != null && before.isConnectionless();
        }
        return new Taken(changes, connectionless, times);
    }
}
