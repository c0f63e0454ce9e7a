package io.mokube.apiserver.resources;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.GroupVersionResource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The resources that are served now: the built-in ones and those that come and go with custom resource definitions.
 * Reads are lock-free and see a consistent state; changes are rare and one at a time.
 */
public final class ResourceRegistry {

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile Snapshot snapshot;
    private volatile boolean complete = true;

    public ResourceRegistry(Collection<ResourceDefinition> definitions) {
        Map<GroupResource, ResourceDefinition> byName = new LinkedHashMap<>();
        for (ResourceDefinition definition : definitions) {
            if (byName.put(definition.groupResource(), definition) != null) {
                throw new IllegalArgumentException("two definitions of " + definition.groupResource());
            }
        }
        this.snapshot = new Snapshot(0, byName);
    }

    /** A registry of the built-in resources. */
    public static ResourceRegistry ofBuiltIns() {
        return new ResourceRegistry(BuiltInResources.all());
    }

    /** Told of each change, in order, on the thread that makes it, after it is visible. */
    @FunctionalInterface
    public interface Listener {

        /**
         * A resource came, changed or went.
         *
         * @param before the old definition, or null for a new resource
         * @param after the new definition, or null for a removed one
         */
        void changed(@Nullable ResourceDefinition before, @Nullable ResourceDefinition after);
    }

    /** A definition together with the version a path or an object names. */
    public record Served(ResourceDefinition definition, ServedVersion version) {

        public GroupVersionKind kind() {
            return new GroupVersionKind(definition.group(), version.name(), definition.kind());
        }

        public GroupVersionResource resource() {
            return new GroupVersionResource(definition.group(), version.name(), definition.plural());
        }
    }

    /** All definitions: the built-in ones in the order of their list, then the added ones. */
    public Collection<ResourceDefinition> all() {
        return snapshot.definitions.values();
    }

    /** Grows with each change: what is derived from the registry is good while this stays. */
    public long generation() {
        return snapshot.generation;
    }

    public Optional<ResourceDefinition> find(GroupResource resource) {
        return Optional.ofNullable(snapshot.definitions.get(resource));
    }

    public Optional<ResourceDefinition> find(String group, String plural) {
        return find(new GroupResource(group, plural));
    }

    /** What a path names; nothing when the resource or this version of it is not served. */
    public Optional<Served> find(GroupVersionResource resource) {
        return Optional.ofNullable(snapshot.byResource.get(resource));
    }

    /** What an object's {@code apiVersion} and {@code kind} name. */
    public Optional<Served> find(GroupVersionKind kind) {
        return Optional.ofNullable(snapshot.byKind.get(kind));
    }

    /** The resources of a group version, in the order of {@link #all}; empty when it is not served. */
    public List<Served> inGroupVersion(GroupVersion groupVersion) {
        return snapshot.byGroupVersion.getOrDefault(groupVersion, List.of());
    }

    /** The group versions that are served, in the order in which they first appear, preferred ones of a group first. */
    public List<GroupVersion> groupVersions() {
        return List.copyOf(snapshot.byGroupVersion.keySet());
    }

    /** Adds a resource, or replaces the one of the same name. */
    public synchronized void put(ResourceDefinition definition) {
        Map<GroupResource, ResourceDefinition> changed = new LinkedHashMap<>(snapshot.definitions);
        ResourceDefinition before = changed.put(definition.groupResource(), definition);
        snapshot = new Snapshot(snapshot.generation + 1, changed);
        tell(before, definition);
    }

    /** Removes a resource; does nothing when there is none of this name. */
    public synchronized void remove(GroupResource resource) {
        Map<GroupResource, ResourceDefinition> changed = new LinkedHashMap<>(snapshot.definitions);
        ResourceDefinition before = changed.remove(resource);
        if (before != null) {
            snapshot = new Snapshot(snapshot.generation + 1, changed);
            tell(before, null);
        }
    }

    /** Whether everything that is to be served is here; false while a server still reads its custom resources. */
    public boolean isComplete() {
        return complete;
    }

    /** Says whether everything is here. */
    public void setComplete(boolean isComplete) {
        complete = isComplete;
    }

    /** Tells the listener of every later change. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    private void tell(@Nullable ResourceDefinition before, @Nullable ResourceDefinition after) {
        for (Listener listener : listeners) {
            listener.changed(before, after);
        }
    }

    /** One state of the registry with its indexes; never changed. */
    private static final class Snapshot {

        private final long generation;
        private final Map<GroupResource, ResourceDefinition> definitions;
        private final Map<GroupVersionResource, Served> byResource = new HashMap<>();
        private final Map<GroupVersionKind, Served> byKind = new HashMap<>();
        private final Map<GroupVersion, List<Served>> byGroupVersion = new LinkedHashMap<>();

        Snapshot(long generation, Map<GroupResource, ResourceDefinition> definitions) {
            this.generation = generation;
            this.definitions = Collections.unmodifiableMap(definitions);
            for (ResourceDefinition definition : definitions.values()) {
                for (ServedVersion version : definition.versions()) {
                    Served served = new Served(definition.at(version), version);
                    byResource.put(served.resource(), served);
                    byKind.put(served.kind(), served);
                    byGroupVersion
                            .computeIfAbsent(served.resource().groupVersion(), ignored -> new ArrayList<>())
                            .add(served);
                }
            }
            List<GroupVersion> custom = byGroupVersion.entrySet().stream()
                    .filter(entry -> entry.getValue().stream().allMatch(Snapshot::isCustom))
                    .map(Map.Entry::getKey)
                    .sorted(Comparator.comparing(GroupVersion::group)
                            .thenComparing(GroupVersion::version, VersionOrder.PREFERRED_FIRST))
                    .toList();
            for (GroupVersion groupVersion : custom) {
                List<Served> served = byGroupVersion.remove(groupVersion);
                byGroupVersion.put(groupVersion, served);
            }
            byGroupVersion.replaceAll((groupVersion, served) -> List.copyOf(served));
        }

        private static boolean isCustom(Served served) {
            return served.version().custom() != null;
        }
    }
}
