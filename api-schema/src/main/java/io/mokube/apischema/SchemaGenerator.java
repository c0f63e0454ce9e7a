package io.mokube.apischema;

import com.google.gson.annotations.SerializedName;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1Pod;
import io.swagger.annotations.ApiModel;
import io.swagger.annotations.ApiModelProperty;
import jakarta.annotation.Nonnull;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Writes two files for each API package into the output folder: {@code <package>.schema} with one line for each type
 * ({@code =Name}) and field ({@code name TAB type TAB attributes…}), and {@code <package>.text} with the descriptions in
 * the same order.
 *
 * <p>A type is written as {@code string}, {@code int32}, {@code int64}, {@code double}, {@code boolean}, {@code bytes},
 * {@code time}, {@code microTime}, {@code duration}, {@code quantity}, {@code intOrString}, {@code any},
 * {@code list(…)}, {@code map(…)}, or the full name of a definition.
 */
public final class SchemaGenerator {

    private static final String MODELS = "io/kubernetes/client/openapi/models/";
    private static final String PROTOCOLS = "io/kubernetes/client/proto/";

    private final Definitions definitions;
    private final Annotations annotations;
    private final FieldTexts texts;
    private final Map<Class<?>, String> names = new HashMap<>();

    private SchemaGenerator(Definitions definitions, Annotations annotations, FieldTexts texts) {
        this.definitions = definitions;
        this.annotations = annotations;
        this.texts = texts;
    }

    /**
     * Runs the generator.
     *
     * @param args the folder of the tables and the output folder
     */
    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        Path tables = Path.of(args[0]);
        Path output = Path.of(args[1]);
        List<FileDescriptor> files = new ArrayList<>();
        for (Class<?> type : classes(io.kubernetes.client.proto.V1.class, PROTOCOLS)) {
            FileDescriptor file =
                    (FileDescriptor) type.getMethod("getDescriptor").invoke(null);
            // Webhook bodies and unserved packages reuse names of served ones.
            if (!file.getPackage().contains("admission.v1")
                    && !file.getPackage().contains("imagepolicy")) {
                files.add(file);
            }
        }
        Annotations annotations = Annotations.read(tables);
        FieldTexts texts = FieldTexts.read(tables.resolve("fields.text"));
        new SchemaGenerator(new Definitions(files), annotations, texts).write(classes(V1Pod.class, MODELS), output);
        annotations.checkAllUsed();
        texts.checkAllUsed();
    }

    private void write(List<Class<?>> models, Path output) throws IOException {
        Map<String, Class<?>> byName = new TreeMap<>();
        for (Class<?> model : models) {
            String name = definitions.nameOf(model);
            if (name != null) {
                names.put(model, name);
                byName.put(name, model);
            }
        }
        Map<String, StringBuilder> schemas = new TreeMap<>();
        Map<String, StringBuilder> texts = new TreeMap<>();
        byName.forEach((name, model) -> {
            int dot = name.lastIndexOf('.');
            StringBuilder schema = schemas.computeIfAbsent(name.substring(0, dot), ignored -> new StringBuilder());
            StringBuilder text = texts.computeIfAbsent(name.substring(0, dot), ignored -> new StringBuilder());
            describe(name, model, schema, text);
        });
        Files.createDirectories(output);
        schemas.forEach((name, content) -> writeFile(output.resolve(name + ".schema"), content));
        texts.forEach((name, content) -> writeFile(output.resolve(name + ".text"), content));
    }

    private void describe(String name, Class<?> model, StringBuilder schema, StringBuilder text) {
        String simpleName = name.substring(name.lastIndexOf('.') + 1);
        schema.append('=').append(simpleName);
        appendAttributes(schema, annotations.of(name, "*"));
        ApiModel annotation = model.getAnnotation(ApiModel.class);
        text.append(oneLine(annotation == null ? "" : annotation.description())).append('\n');
        Descriptor message = definitions.message(name);
        for (Field field : model.getDeclaredFields()) {
            SerializedName serialized = field.getAnnotation(SerializedName.class);
            if (serialized == null) {
                continue;
            }
            FieldDescriptor protocol = message == null ? null : message.findFieldByName(serialized.value());
            schema.append(serialized.value()).append('\t').append(type(field.getGenericType(), protocol));
            if (field.isAnnotationPresent(Nonnull.class)) {
                schema.append("\trequired");
            }
            appendAttributes(schema, annotations.of(name, serialized.value()));
            text.append(oneLine(description(model, field, texts.of(simpleName, serialized.value()))))
                    .append('\n');
        }
    }

    private static void appendAttributes(StringBuilder schema, String attributes) {
        if (!attributes.isEmpty()) {
            schema.append('\t').append(attributes);
        }
        schema.append('\n');
    }

    private String type(Type type, @Nullable FieldDescriptor protocol) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == List.class) {
                return "list(" + type(arguments[0], protocol) + ")";
            }
            FieldDescriptor values = protocol != null && protocol.isMapField()
                    ? protocol.getMessageType().findFieldByName("value")
                    : null;
            return "map(" + type(arguments[1], values) + ")";
        }
        String message = protocol != null && protocol.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                ? protocol.getMessageType().getName()
                : "";
        if (type == String.class) {
            return message.equals("Duration") ? "duration" : "string";
        } else if (type == Integer.class) {
            return "int32";
        } else if (type == Long.class) {
            return "int64";
        } else if (type == Double.class) {
            return "double";
        } else if (type == Boolean.class) {
            return "boolean";
        } else if (type == byte[].class) {
            return "bytes";
        } else if (type == OffsetDateTime.class) {
            return message.equals("MicroTime") ? "microTime" : "time";
        } else if (type == Quantity.class) {
            return "quantity";
        } else if (type == IntOrString.class) {
            return "intOrString";
        } else if (type == Object.class) {
            return "any";
        }
        String name = names.get(type);
        if (name == null) {
            throw new IllegalStateException("no definition for " + type);
        }
        return name;
    }

    /** @param own what our table says, for a field that the model class says nothing of or only what its type is */
    private static String description(Class<?> model, Field field, String own) {
        String given = description(model, field);
        boolean ofType = given.isEmpty() || field.getType() == IntOrString.class;
        return ofType && !own.isEmpty() ? own : given;
    }

    private static String description(Class<?> model, Field field) {
        for (Method method : model.getMethods()) {
            if (method.getParameterCount() == 0
                    && method.getName().startsWith("get")
                    && method.getName().substring(3).equalsIgnoreCase(field.getName())) {
                ApiModelProperty property = method.getAnnotation(ApiModelProperty.class);
                return property == null ? "" : property.value();
            }
        }
        return "";
    }

    private static String oneLine(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "");
    }

    /** The top-level classes of a package, found in the jar that the given class came from. */
    private static List<Class<?>> classes(Class<?> neighbour, String folder)
            throws IOException, ReflectiveOperationException {
        URL location = neighbour.getProtectionDomain().getCodeSource().getLocation();
        List<Class<?>> classes = new ArrayList<>();
        try (JarFile jar = new JarFile(Path.of(location.toURI()).toFile())) {
            for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
                String name = entry.getName();
                if (name.startsWith(folder) && name.endsWith(".class") && name.indexOf('$') < 0) {
                    String className =
                            name.substring(0, name.length() - ".class".length()).replace('/', '.');
                    classes.add(Class.forName(className, false, neighbour.getClassLoader()));
                }
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
        return classes;
    }

    private static void writeFile(Path file, StringBuilder content) {
        try {
            Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
