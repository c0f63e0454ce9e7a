package io.mokube.kubelet.network;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.CRC32;

/** Hardware addresses that follow from IP addresses, so that nobody has to announce them. */
final class HardwareAddresses {

    private HardwareAddresses() {}

    /**
     * A locally administered address. Of IPv6's 16 bytes a checksum has to do: it differs for any two addresses that differ
     * in no more than 32 bits next to each other, as those of the nodes of a cluster do.
     *
     * @param kind tells those of different purposes apart, one byte
     */
    static String of(int kind, IpAddress address) {
        byte[] bytes = address.bytes();
        if (address.family() == Family.IPV6) {
            CRC32 checksum = new CRC32();
            checksum.update(bytes);
            bytes = ByteBuffer.allocate(Integer.BYTES)
                    .putInt((int) checksum.getValue())
                    .array();
        }
        return String.format(Locale.ROOT, "0a:%02x:%02x:%02x:%02x:%02x", kind, bytes[0], bytes[1], bytes[2], bytes[3]);
    }
}
