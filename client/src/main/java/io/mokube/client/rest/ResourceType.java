package io.mokube.client.rest;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.node.ObjectNode;

/**
 * A resource of the server together with the Java type its objects are read into: a typed model, a JSON tree, or the
 * metadata alone. Two types are equal when they name the same resource and read it the same way.
 *
 * @param <T> the Java type of the objects
 */
public final class ResourceType<T> {

    private static final ClassValue<ResourceType<?>> TYPED = new ClassValue<>() {
        @Override
        protected ResourceType<?> computeValue(Class<?> model) {
            return typed(model.asSubclass(HasMetadata.class));
        }
    };

    private final GroupVersionResource resource;
    private final String kind;
    private final boolean namespaced;
    private final Class<T> javaType;
    private final Access<T> access;

    private ResourceType(
            GroupVersionResource resource, String kind, boolean namespaced, Class<T> javaType, Access<T> access) {
        this.resource = resource;
        this.kind = kind;
        this.namespaced = namespaced;
        this.javaType = javaType;
        this.access = access;
    }

    /** The resource of a typed model, such as {@code Pod.class}. */
    @SuppressWarnings("unchecked") // the entry of a class holds its own type
    public static <T extends HasMetadata> ResourceType<T> of(Class<T> model) {
        return (ResourceType<T>) TYPED.get(model);
    }

    /** Any resource, read into JSON trees. */
    public static ResourceType<KubeObject> dynamic(GroupVersionResource resource, String kind, boolean namespaced) {
        return new ResourceType<>(resource, kind, namespaced, KubeObject.class, new TreeAccess(resource, kind));
    }

    /** Any resource, of which the server sends the metadata alone. */
    public static ResourceType<PartialObjectMetadata> metadata(
            GroupVersionResource resource, String kind, boolean namespaced) {
        return new ResourceType<>(
                resource,
                kind,
                namespaced,
                PartialObjectMetadata.class,
                new ModelAccess<>(PartialObjectMetadata.class));
    }

    private static <T extends HasMetadata> ResourceType<T> typed(Class<T> model) {
        GroupVersionResource resource = new GroupVersionResource(
                HasMetadata.getGroup(model), HasMetadata.getVersion(model), HasMetadata.getPlural(model));
        return new ResourceType<>(
                resource,
                HasMetadata.getKind(model),
                Namespaced.class.isAssignableFrom(model),
                model,
                new ModelAccess<>(model));
    }

    public GroupVersionResource resource() {
        return resource;
    }

    public String kind() {
        return kind;
    }

    public GroupVersionKind groupVersionKind() {
        return new GroupVersionKind(resource.group(), resource.version(), kind);
    }

    /** Whether the objects live in namespaces. */
    public boolean namespaced() {
        return namespaced;
    }

    /** The name and namespace of an object. */
    public ObjectKey key(T object) {
        return access.key(object);
    }

    /** The UID of an object, {@code ""} when it has none yet. */
    public String uid(T object) {
        return access.uid(object);
    }

    /** The resourceVersion of an object, {@code ""} when it has none yet. */
    public String resourceVersion(T object) {
        return access.resourceVersion(object);
    }

    /** The labels of an object. */
    public Map<String, String> labels(T object) {
        return access.labels(object);
    }

    /** Removes {@code metadata.managedFields}, which no component reads and which often outweigh the rest. */
    public T withoutManagedFields(T object) {
        return access.withoutManagedFields(object);
    }

    /** Reads one object; the parser stands at its start. */
    T read(JsonParser parser) {
        return access.read(parser);
    }

    /** What is asked for in Accept. */
    String accept(boolean list) {
        if (javaType != PartialObjectMetadata.class) {
            return "application/json";
        }
        return "application/json;as=PartialObjectMetadata" + (list ? "List" : "") + ";g=meta.k8s.io;v=v1";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ResourceType<?> that
                && resource.equals(that.resource)
                && javaType.equals(that.javaType)
                && namespaced == that.namespaced;
    }

    @Override
    public int hashCode() {
        return Objects.hash(resource, javaType);
    }

    @Override
    public String toString() {
        return resource.toString();
    }

    /** How objects of one Java type are read and looked into. */
    private interface Access<T> {
        T read(JsonParser parser);

        ObjectKey key(T object);

        String uid(T object);

        String resourceVersion(T object);

        Map<String, String> labels(T object);

        T withoutManagedFields(T object);
    }

    private record ModelAccess<T extends HasMetadata>(Class<T> model) implements Access<T> {

        @Override
        public T read(JsonParser parser) {
            T object = Wire.MAPPER.readValue(parser, model);
            if (object.getMetadata() == null) {
                object.setMetadata(new ObjectMeta());
            }
            return object;
        }

        @Override
        public ObjectKey key(T object) {
            return ObjectKeys.of(object);
        }

        @Override
        public String uid(T object) {
            return Objects.requireNonNullElse(object.getMetadata().getUid(), "");
        }

        @Override
        public String resourceVersion(T object) {
            return Objects.requireNonNullElse(object.getMetadata().getResourceVersion(), "");
        }

        @Override
        public Map<String, String> labels(T object) {
            return Objects.requireNonNullElse(object.getMetadata().getLabels(), Map.of());
        }

        @Override
        public T withoutManagedFields(T object) {
            object.getMetadata().setManagedFields(List.of());
            return object;
        }
    }

    private record TreeAccess(GroupVersionResource resource, String kind) implements Access<KubeObject> {

        @Override
        public KubeObject read(JsonParser parser) {
            KubeObject object = new KubeObject(Wire.MAPPER.readValue(parser, ObjectNode.class));
            if (object.kind().isEmpty()) { // the items of a list carry no type
                object.root().put("apiVersion", resource.groupVersion().apiVersion());
                object.root().put("kind", kind);
            }
            return object;
        }

        @Override
        public ObjectKey key(KubeObject object) {
            return object.key();
        }

        @Override
        public String uid(KubeObject object) {
            return object.uid();
        }

        @Override
        public String resourceVersion(KubeObject object) {
            return object.resourceVersion();
        }

        @Override
        public Map<String, String> labels(KubeObject object) {
            return object.labels();
        }

        @Override
        public KubeObject withoutManagedFields(KubeObject object) {
            object.metadata().remove("managedFields");
            return object;
        }
    }
}
