package io.mokube.apiserver.resources;

import io.mokube.apiserver.resources.strategy.Strategies;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.table.NameAndAgeTable;
import io.mokube.apiserver.table.TableLayout;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes down a built-in resource: what is not said is as most resources have it. */
final class DefinitionBuilder {

    static final Set<String> ALL_VERBS =
            Set.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

    private static final Set<String> READ_AND_WRITE = Set.of("get", "patch", "update");
    private static final GroupVersionKind SCALE = new GroupVersionKind("autoscaling", "v1", "Scale");

    private final String group;
    private final String version;
    private final String plural;
    private final String kind;
    private final boolean namespaced;
    private List<String> shortNames = List.of();
    private List<String> categories = List.of();
    private Set<String> verbs = ALL_VERBS;
    private final List<Subresource> subresources = new ArrayList<>();
    private final List<ServedVersion> olderVersions = new ArrayList<>();
    private TableLayout table = NameAndAgeTable.INSTANCE;
    private Conversion conversion = Conversion.IDENTITY;
    private @Nullable GroupResource storedAs;

    private DefinitionBuilder(GroupVersion groupVersion, String plural, String kind, boolean namespaced) {
        this.group = groupVersion.group();
        this.version = groupVersion.version();
        this.plural = plural;
        this.kind = kind;
        this.namespaced = namespaced;
    }

    static DefinitionBuilder namespaced(GroupVersion groupVersion, String plural, String kind) {
        return new DefinitionBuilder(groupVersion, plural, kind, true);
    }

    static DefinitionBuilder clusterScoped(GroupVersion groupVersion, String plural, String kind) {
        return new DefinitionBuilder(groupVersion, plural, kind, false);
    }

    DefinitionBuilder shortNames(String... names) {
        shortNames = List.of(names);
        return this;
    }

    DefinitionBuilder categories(String... names) {
        categories = List.of(names);
        return this;
    }

    DefinitionBuilder verbs(String... names) {
        verbs = Set.of(names);
        return this;
    }

    /** {@code status}, with the resource's own kind. */
    DefinitionBuilder status() {
        return ownSubresource("status");
    }

    /** A part of the object with the resource's own kind, read and written. */
    DefinitionBuilder ownSubresource(String name) {
        subresources.add(new Subresource(name, ownKind(), READ_AND_WRITE));
        return this;
    }

    /** {@code scale}, the same for everything that has replicas. */
    DefinitionBuilder scale() {
        subresources.add(new Subresource("scale", SCALE, READ_AND_WRITE));
        return this;
    }

    /** A subresource with a kind of the resource's own group version. */
    DefinitionBuilder subresource(String name, String kind, String... verbs) {
        return subresource(name, new GroupVersionKind(group, version, kind), verbs);
    }

    DefinitionBuilder subresource(String name, GroupVersionKind kind, String... verbs) {
        subresources.add(new Subresource(name, kind, Set.of(verbs)));
        return this;
    }

    DefinitionBuilder table(TableLayout table) {
        this.table = table;
        return this;
    }

    /** Adds a served version that is not the preferred and stored one. */
    DefinitionBuilder alsoServed(String version, TableLayout table, Conversion conversion) {
        olderVersions.add(served(version, table, conversion));
        return this;
    }

    /** Keeps objects where another resource keeps its own. */
    DefinitionBuilder storedAs(GroupResource other, Conversion conversion) {
        this.storedAs = other;
        this.conversion = conversion;
        return this;
    }

    ResourceDefinition build() {
        List<ServedVersion> versions = new ArrayList<>();
        versions.add(served(version, table, conversion));
        versions.addAll(olderVersions);
        return new ResourceDefinition(
                group,
                plural,
                kind.toLowerCase(Locale.ROOT),
                kind,
                kind + "List",
                shortNames,
                categories,
                namespaced,
                verbs,
                subresources,
                versions,
                version,
                storedAs == null ? new GroupResource(group, plural) : storedAs,
                Strategies.forResource(group, plural));
    }

    private ServedVersion served(String version, TableLayout table, Conversion conversion) {
        GroupVersionKind served = new GroupVersionKind(group, version, kind);
        return new ServedVersion(version, () -> BuiltInSchemas.lean().of(served), table, conversion);
    }

    private GroupVersionKind ownKind() {
        return new GroupVersionKind(group, version, kind);
    }
}
