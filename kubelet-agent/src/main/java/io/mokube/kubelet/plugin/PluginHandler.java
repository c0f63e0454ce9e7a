package io.mokube.kubelet.plugin;

import java.nio.file.Path;
import java.util.List;

/** Takes the plugins of one type. Called by one thread. */
public interface PluginHandler {

    /**
     * A plugin that made itself known.
     *
     * @param endpoint the socket on which it serves
     * @param versions of the interface that it serves
     */
    record Plugin(String name, Path endpoint, List<String> versions) {}

    /**
     * Takes a plugin, or takes it again.
     *
     * @throws RuntimeException when it can't be used, with a message for it; it is asked again later
     */
    void register(Plugin plugin);

    /** The plugin's socket is gone. */
    void deregister(String name);
}
