package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a runtime gives containers the files of an image as a volume. */
public sealed interface ImageVolumes {

    /**
     * The runtime mounts the image itself: a container's mount names it.
     *
     * @param before what kept layers while the runtime was an older one
     */
    record ByRuntime(Optional<ByAgent> before) implements ImageVolumes {}

    /** It can't be done. The text is for the user. */
    record Unsupported(String reason) implements ImageVolumes {}

    /** The runtime keeps the image's layers on this machine, and the agent mounts them. */
    non-sealed interface ByAgent extends ImageVolumes {

        /**
         * Has the layers kept whatever becomes of the image, until they are released. Asked again, it changes nothing.
         *
         * @param key who wants them; unique among all agents of the runtime
         * @param image the id of an image that is present
         * @return the folders of the layers, the uppermost first, with whiteouts as overlay file systems know them
         * @throws RuntimeCallException also when the runtime has them in another form
         */
        List<Path> keep(String key, String image);

        /** Lets go of layers. What is not kept is no error. */
        void release(String key);
    }

    /** Whether this runtime mounts images, and parts of them, itself. Older ones pass over what they are asked, in silence. */
    static boolean mountedBy(RuntimeVersion runtime) {
        List<Integer> first =
                switch (runtime.name()) {
                    case "containerd" -> List.of(2, 2);
                    case "cri-o" -> List.of(1, 33);
                    case "docker" -> List.of(28, 0);
                    default -> List.of(Integer.MAX_VALUE, 0);
                };
        Matcher number = Pattern.compile("v?(\\d{1,6})\\.(\\d{1,6}).*").matcher(runtime.version());
        if (!number.matches()) {
            return false;
        }
        int major = Integer.parseInt(number.group(1));
        return major > first.getFirst()
                || (major == first.getFirst() && Integer.parseInt(number.group(2)) >= first.getLast());
    }
}
