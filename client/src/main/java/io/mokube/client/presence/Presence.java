package io.mokube.client.presence;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * Says by a Lease that an instance of a service lives, and tells which others have fallen silent: those whose lease did not
 * change for long enough, by this instance's own clock, since those of other machines may differ. One thread at a time uses
 * it; every method throws {@link ApiException} or {@link io.mokube.client.rest.ConnectionException} when the API server does
 * not do what it is asked.
 */
public final class Presence {

    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

    private final ResourceClient<Lease> leases;
    private final Clock clock;
    private final String namespace;
    private final String service;
    private final String instance;
    private final Duration expiry;
    private final Map<String, Seen> seen = new HashMap<>();

    /** What a lease said, and since when it has said nothing else, by this instance's clock. */
    private record Seen(String renewal, long sinceNanos) {}

    /**
     * @param namespace where the leases are
     * @param service what the instances are of; the first part of the leases' names
     * @param instance this instance's name, the same after a restart and no other's
     * @param expiry how long an instance may be silent
     */
    public Presence(ApiClient client, Clock clock, String namespace, String service, String instance, Duration expiry) {
        leases = client.resource(Lease.class);
        this.clock = clock;
        this.namespace = namespace;
        this.service = service;
        this.instance = instance;
        this.expiry = expiry;
    }

    /** The label that names the instance, on its lease and on what else is its own. */
    public static String label(String service) {
        return "mokube.io/" + service + "-instance";
    }

    /** Says that this instance lives. */
    public void renew() {
        ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("spec").put("renewTime", MICROS.format(now));
        try {
            leases.patch(key(instance), PatchKind.MERGE, patch);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
            leases.create(lease(now));
        }
    }

    private ObjectKey key(String name) {
        return new ObjectKey(namespace, service + "-" + name);
    }

    private Lease lease(ZonedDateTime now) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(key(instance).name())
                .addToLabels(label(service), instance)
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(instance)
                .withLeaseDurationSeconds(Math.toIntExact(expiry.toSeconds()))
                .withRenewTime(now)
                .endSpec()
                .build();
    }

    /**
     * Which of these instances are silent. Only those that were asked about the last time too can be; one without a lease is
     * treated as one whose lease does not change. This instance never is.
     */
    public Set<String> silent(Set<String> instances) {
        Map<String, String> renewals =
                leases.list(namespace, ListOptions.ALL.withLabels(LabelSelector.parse(label(service)))).items().stream()
                        .collect(Collectors.toMap(
                                lease -> lease.getMetadata().getLabels().get(label(service)),
                                lease -> lease.getMetadata().getResourceVersion()));
        seen.keySet().retainAll(instances);
        Set<String> silent = new TreeSet<>();
        for (String each : instances) {
            if (!each.equals(instance) && isSilent(each, renewals.getOrDefault(each, "none"))) {
                silent.add(each);
            }
        }
        return silent;
    }

    private boolean isSilent(String name, String renewal) {
        long now = clock.nanoTime();
        Seen last = seen.get(name);
        if (last == null || !last.renewal().equals(renewal)) {
            seen.put(name, new Seen(renewal, now));
            return false;
        }
        return Duration.ofNanos(now - last.sinceNanos()).compareTo(expiry) > 0;
    }

    /** Forgets an instance, this one or a silent one, and removes its lease. */
    public void end(String name) {
        seen.remove(name);
        try {
            leases.delete(key(name), DeleteOptions.DEFAULT);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
