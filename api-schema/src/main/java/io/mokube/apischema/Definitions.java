package io.mokube.apischema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds for a model class the name its definition has in Kubernetes' OpenAPI document, and its protobuf message. The
 * class name tells version and simple name; the group comes from the protobuf packages, where names are unique, or,
 * where several groups share a name, from the class name's prefix.
 */
final class Definitions {

    private static final Pattern CLASS_NAME = Pattern.compile("([A-Z][a-z]+)?V([12])([A-Z][A-Za-z0-9]*)");

    /** kube-aggregator's kinds have no protobuf classes; their names all begin so. */
    private static final String AGGREGATOR = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.";

    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    private final Map<String, Map<String, Descriptor>> messagesByPackage = new TreeMap<>();

    Definitions(Iterable<FileDescriptor> files) {
        for (FileDescriptor file : files) {
            Map<String, Descriptor> messages = new HashMap<>();
            file.getMessageTypes().forEach(message -> messages.put(message.getName(), message));
            messagesByPackage.put(definitionPackage(file.getPackage()), messages);
        }
    }

    /** The definition's name, or null when the class belongs to no version that is served. */
    @Nullable
    String nameOf(Class<?> model) {
        Matcher matcher = CLASS_NAME.matcher(model.getSimpleName());
        if (!matcher.matches()) {
            return model.getSimpleName().equals("VersionInfo") ? "io.k8s.apimachinery.pkg.version.Info" : null;
        }
        String version = ".v" + matcher.group(2);
        String name = matcher.group(3);
        String group = matcher.group(1);
        if (name.startsWith("APIService") || "Apiregistration".equals(group)) {
            return AGGREGATOR + name;
        }
        if (message(META + name) != null && version.equals(".v1")) {
            // The core group's protobuf package still holds unused copies of some of these.
            return META + name;
        }
        String found = null;
        for (Map.Entry<String, Map<String, Descriptor>> entry : messagesByPackage.entrySet()) {
            String candidate = entry.getKey();
            if (!candidate.endsWith(version) || !entry.getValue().containsKey(name)) {
                continue;
            }
            if (group != null && !candidate.endsWith("." + group.toLowerCase(Locale.ROOT) + version)) {
                continue;
            }
            if (found != null) {
                throw new IllegalStateException(model + " could be " + found + " or one of " + candidate);
            }
            found = candidate + "." + name;
        }
        return found;
    }

    /** The protobuf message of a definition, or null for the few that have none. */
    @Nullable
    Descriptor message(String definition) {
        int dot = definition.lastIndexOf('.');
        Map<String, Descriptor> messages = messagesByPackage.get(definition.substring(0, dot));
        return messages == null ? null : messages.get(definition.substring(dot + 1));
    }

    /** {@code k8s.io.api.core.v1} becomes {@code io.k8s.api.core.v1}. */
    private static String definitionPackage(String protobufPackage) {
        return "io.k8s" + protobufPackage.substring("k8s.io".length()).replace('_', '-');
    }
}
