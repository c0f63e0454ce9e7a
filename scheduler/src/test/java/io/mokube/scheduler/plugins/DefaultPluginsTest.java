package io.mokube.scheduler.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The list of default plugins is the index of this package: a plugin that is missing from it does nothing. */
class DefaultPluginsTest {

    @Test
    void everyPluginIsListed() throws Exception {
        Profile profile = DefaultPlugins.profile("default-scheduler");
        Set<String> listed = Stream.of(
                        profile.enqueuePlugins().stream(),
                        profile.filters().stream(),
                        profile.scores().stream().map(Profile.WeightedScore::plugin),
                        profile.postFilters().stream(),
                        profile.reserves().stream(),
                        profile.permits().stream(),
                        profile.preBinds().stream(),
                        profile.binds().stream(),
                        profile.postBinds().stream(),
                        Stream.of(profile.queueSort()))
                .flatMap(plugins -> plugins)
                .map(plugin -> plugin.getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(listed).containsExactlyElementsOf(pluginClasses());
    }

    private static Set<String> pluginClasses() throws Exception {
        Path classes = Path.of(DefaultPlugins.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve(DefaultPlugins.class.getPackageName().replace('.', '/'));
        Set<String> plugins = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().replace(".class", "");
                Class<?> type = load(DefaultPlugins.class.getPackageName() + "." + name);
                if (Plugin.class.isAssignableFrom(type)) {
                    plugins.add(type.getSimpleName());
                }
            }
        }
        return plugins;
    }

    private static Class<?> load(String name) throws IOException {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IOException(e);
        }
    }
}
