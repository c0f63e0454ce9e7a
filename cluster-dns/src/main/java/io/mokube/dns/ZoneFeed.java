package io.mokube.dns;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Store;
import io.mokube.dns.zone.ClusterZone;
import io.mokube.dns.zone.ZoneSettings;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the zone equal to what the informers hold: whenever one of them hears of a change, the records of the service that
 * it is about are made anew.
 */
final class ZoneFeed {

    static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";

    private final Store<Service> services;
    private final Store<EndpointSlice> slices;
    private final Object changing = new Object();
    private volatile ClusterZone zone;

    /** Connects it to informers that have not started. */
    ZoneFeed(ZoneSettings settings, InformerFactory informers) {
        zone = ClusterZone.empty(settings);
        Informer<Service> serviceInformer = informers.informer(Service.class);
        Informer<EndpointSlice> sliceInformer = informers.informer(EndpointSlice.class);
        services = serviceInformer.store();
        slices = sliceInformer.store();
        sliceInformer.addIndex(
                BY_SERVICE,
                slice -> service(slice).map(ObjectKey::toString).map(List::of).orElse(List.of()));
        serviceInformer.addHandler(new Each<>() {
            @Override
            void changed(Service service) {
                refresh(new ObjectKey(
                        service.getMetadata().getNamespace(),
                        service.getMetadata().getName()));
            }
        });
        sliceInformer.addHandler(new Each<>() {
            @Override
            void changed(EndpointSlice slice) {
                service(slice).ifPresent(ZoneFeed.this::refresh);
            }
        });
        informers.informer(Namespace.class).addHandler(new Handler<>() {
            @Override
            public void added(Namespace namespace) {
                refresh(namespace, true);
            }

            @Override
            public void updated(Namespace before, Namespace now) {}

            @Override
            public void deleted(Namespace namespace) {
                refresh(namespace, false);
            }
        });
    }

    /** The zone as it is now. */
    ClusterZone zone() {
        return zone;
    }

    private static Optional<ObjectKey> service(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        return Optional.ofNullable(labels == null ? null : labels.get(SERVICE_LABEL))
                .map(name -> new ObjectKey(slice.getMetadata().getNamespace(), name));
    }

    /** Reads the stores with the lock held: of two changes at once, the later one sees both. */
    private void refresh(ObjectKey key) {
        synchronized (changing) {
            @Nullable Service service = services.get(key).orElse(null);
            zone = zone.withService(
                    key, service, service == null ? List.of() : slices.byIndex(BY_SERVICE, key.toString()));
        }
    }

    private void refresh(Namespace namespace, boolean there) {
        synchronized (changing) {
            zone = zone.withNamespace(namespace.getMetadata().getName(), there);
        }
    }

    /** One and the same for every kind of change. */
    private abstract static class Each<T> implements Handler<T> {

        abstract void changed(T object);

        @Override
        public void added(T object) {
            changed(object);
        }

        @Override
        public void updated(T before, T now) {
            changed(before);
            changed(now);
        }

        @Override
        public void deleted(T object) {
            changed(object);
        }
    }
}
