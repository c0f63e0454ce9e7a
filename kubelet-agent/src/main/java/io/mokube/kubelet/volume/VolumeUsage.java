package io.mokube.kubelet.volume;

import io.mokube.machinery.names.ObjectKey;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How full a volume of a pod is.
 *
 * @param name in the pod
 * @param claim that it came from
 * @param bytes of content
 * @param inodes of files and folders
 */
public record VolumeUsage(String name, Optional<ObjectKey> claim, Space bytes, Space inodes) {

    /** Amounts of one kind; what is not known is empty. */
    public record Space(OptionalLong total, OptionalLong available, OptionalLong used) {

        /** Nothing is known. */
        static final Space UNKNOWN = new Space(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

        static Space of(long total, long available, long used) {
            return new Space(OptionalLong.of(total), OptionalLong.of(available), OptionalLong.of(used));
        }
    }
}
