package io.mokube.apiserver.resources;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything the server knows of one resource, built-in or custom, across its served versions. The generic path (decode,
 * admit, validate, store, list, watch, print) works from this alone.
 *
 * @param group the API group, {@code ""} for the core group
 * @param plural the name in paths
 * @param singular the name kubectl accepts too
 * @param kind the objects' kind
 * @param listKind the lists' kind
 * @param shortNames kubectl's abbreviations
 * @param categories such as {@code all}
 * @param namespaced whether objects live in namespaces
 * @param verbs what may be asked of the resource itself, in Kubernetes' lower-case words; reviews only know create
 * @param subresources what hangs below an object
 * @param versions the served versions, most preferred first
 * @param storageVersion the version that writes work on and objects are stored in; custom resources are written in each
 *     of their versions, see {@link ServedVersion.Custom}
 * @param storedAs whose keys the objects are stored under: the resource itself, but {@code events.k8s.io} shares the
 *     core group's events; then the served versions' conversions lead to that resource's stored form
 * @param strategy what is particular to this resource
 */
public record ResourceDefinition(
        String group,
        String plural,
        String singular,
        String kind,
        String listKind,
        List<String> shortNames,
        List<String> categories,
        boolean namespaced,
        Set<String> verbs,
        List<Subresource> subresources,
        List<ServedVersion> versions,
        String storageVersion,
        GroupResource storedAs,
        ResourceStrategy strategy) {

    public ResourceDefinition {
        shortNames = List.copyOf(shortNames);
        categories = List.copyOf(categories);
        verbs = Set.copyOf(verbs);
        subresources = List.copyOf(subresources);
        versions = List.copyOf(versions);
    }

    /** The name error messages use. */
    public GroupResource groupResource() {
        return new GroupResource(group, plural);
    }

    /** The served version of this name. */
    public Optional<ServedVersion> version(String name) {
        return versions.stream().filter(version -> version.name().equals(name)).findFirst();
    }

    /** The version that objects are stored in. */
    public ServedVersion storage() {
        return version(storageVersion).orElseThrow();
    }

    /** The type of stored objects. */
    public GroupVersionKind storageKind() {
        return new GroupVersionKind(storedAs.group(), storageVersion, kind);
    }

    /**
     * This resource as the requests to one version see it: a version of a custom resource has a strategy and subresources
     * of its own, and is what its writes work on.
     */
    ResourceDefinition at(ServedVersion version) {
        ServedVersion.Custom custom = version.custom();
        return custom == null
                ? this
                : new ResourceDefinition(
                        group,
                        plural,
                        singular,
                        kind,
                        listKind,
                        shortNames,
                        categories,
                        namespaced,
                        verbs,
                        custom.subresources(),
                        versions,
                        version.name(),
                        storedAs,
                        custom.strategy());
    }

    /** The subresource of this name. */
    public Optional<Subresource> subresource(String name) {
        return subresources.stream().filter(each -> each.name().equals(name)).findFirst();
    }
}
