package io.mokube.scheduler.config;

import io.mokube.machinery.error.FieldError;
import io.mokube.scheduler.extender.ExtenderConfig;
import io.mokube.scheduler.extender.ExtenderConfig.ManagedResource;
import io.mokube.scheduler.extender.ExtenderConfig.Tls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code extenders}. */
final class ExtenderReader {

    private ExtenderReader() {}

    static List<ExtenderConfig> read(Fields fields) {
        List<ExtenderConfig> extenders = new ArrayList<>();
        Set<String> managed = new HashSet<>();
        for (Fields each : fields.objects("extenders")) {
            extenders.add(extender(each, managed));
        }
        long binders =
                extenders.stream().filter(each -> !each.bindVerb().isEmpty()).count();
        if (binders > 1) {
            fields.broken(FieldError.invalid(
                    "extenders",
                    "found " + binders + " extenders implementing bind",
                    "only one extender can implement bind"));
        }
        return extenders;
    }

    private static ExtenderConfig extender(Fields stated, Set<String> managed) {
        String prioritize = stated.text("prioritizeVerb", "");
        int weight = stated.integer("weight", 0);
        if (!prioritize.isEmpty() && weight <= 0) {
            stated.broken(
                    FieldError.invalid(stated.path("weight"), weight, "must have a positive weight applied to it"));
        }
        Duration timeout = stated.duration("httpTimeout", ExtenderConfig.DEFAULT_TIMEOUT);
        ExtenderConfig extender = new ExtenderConfig(
                stated.text("urlPrefix", ""),
                stated.text("filterVerb", ""),
                stated.text("preemptVerb", ""),
                prioritize,
                stated.text("bindVerb", ""),
                weight,
                stated.flag("enableHTTPS", false),
                tls(stated),
                timeout.isZero() ? ExtenderConfig.DEFAULT_TIMEOUT : timeout,
                stated.flag("nodeCacheCapable", false),
                managed(stated, managed),
                stated.flag("ignorable", false));
        stated.close();
        return extender;
    }

    private static List<ManagedResource> managed(Fields stated, Set<String> known) {
        List<ManagedResource> resources = new ArrayList<>();
        for (Fields each : stated.objects("managedResources")) {
            String name = each.text("name", "");
            if (!name.contains("/")) {
                each.broken(FieldError.invalid(each.path("name"), name, "must be an extended resource"));
            } else if (!known.add(name)) {
                each.broken(FieldError.invalid(each.path("name"), name, "duplicate extender managed resource name"));
            }
            resources.add(new ManagedResource(name, each.flag("ignoredByScheduler", false)));
            each.close();
        }
        return resources;
    }

    private static Tls tls(Fields extender) {
        if (!extender.has("tlsConfig")) {
            return Tls.NONE;
        }
        Fields stated = extender.object("tlsConfig");
        Tls tls = new Tls(
                stated.flag("insecure", false),
                stated.text("serverName", ""),
                pem(stated, "cert"),
                pem(stated, "key"),
                pem(stated, "ca"));
        stated.close();
        return tls;
    }

    /** A text that stands in the file itself, or in one that it names. */
    private static @Nullable String pem(Fields stated, String what) {
        String data = stated.text(what + "Data", "");
        String file = stated.text(what + "File", "");
        try {
            if (!data.isEmpty()) {
                return new String(Base64.getDecoder().decode(data), StandardCharsets.US_ASCII);
            }
            return file.isEmpty() ? null : Files.readString(Path.of(file));
        } catch (IllegalArgumentException e) {
            stated.broken(new FieldError(
                    FieldError.Type.INVALID, stated.path(what + "Data"), "illegal base64 data: " + e.getMessage()));
        } catch (IOException e) {
            stated.broken(FieldError.invalid(stated.path(what + "File"), file, "can't be read: " + e.getMessage()));
        }
        return null;
    }
}
