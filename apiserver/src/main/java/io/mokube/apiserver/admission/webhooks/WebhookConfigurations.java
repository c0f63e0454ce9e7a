package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** The webhooks of all configurations of one kind, in the order they are asked: by the names of their configurations. */
public final class WebhookConfigurations {

    private static final Logger log = LoggerFactory.getLogger(WebhookConfigurations.class);
    private static final String GROUP = "admissionregistration.k8s.io";

    private final Map<String, List<Webhook>> byConfiguration = new TreeMap<>();
    private volatile List<Webhook> all = List.of();

    private WebhookConfigurations() {}

    /** Follows the configurations of mutating webhooks. */
    public static WebhookConfigurations mutating(WatchCache cache) {
        return follow(cache, "mutatingwebhookconfigurations");
    }

    /** Follows the configurations of validating webhooks. */
    public static WebhookConfigurations validating(WatchCache cache) {
        return follow(cache, "validatingwebhookconfigurations");
    }

    /** No webhooks. */
    public static WebhookConfigurations none() {
        return new WebhookConfigurations();
    }

    private static WebhookConfigurations follow(WatchCache cache, String plural) {
        WebhookConfigurations configurations = new WebhookConfigurations();
        cache.observe(new GroupResource(GROUP, plural), CacheObserver.of(configurations.new Index()));
        return configurations;
    }

    List<Webhook> all() {
        return all;
    }

    private final class Index implements CacheObserver.ObjectIndex {

        @Override
        public void clear() {
            byConfiguration.clear();
        }

        @Override
        public void remove(String key) {
            byConfiguration.remove(key);
        }

        @Override
        public void put(CachedObject configuration) {
            List<Webhook> webhooks = new ArrayList<>();
            for (JsonNode webhook :
                    KubeObject.parse(configuration.object().value()).at("webhooks")) {
                try {
                    webhooks.add(Webhook.of(webhook));
                } catch (IllegalArgumentException e) {
                    log.atWarn()
                            .setMessage("a webhook can't be understood and is left out")
                            .addKeyValue("configuration", configuration.key())
                            .addKeyValue("webhook", webhook.path("name").asString(""))
                            .setCause(e)
                            .log();
                }
            }
            byConfiguration.put(configuration.key(), webhooks);
        }

        @Override
        public void publish() {
            all = byConfiguration.values().stream().flatMap(List::stream).toList();
        }
    }
}
