package io.mokube.standalone.cluster;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Finds a pod network that nothing else on this machine uses. */
final class PodNetworks {

    /** Where the clusters of this machine tell each other what they are about to use. */
    static final Path CLAIMS = Path.of("/run/mokube/pod-networks");

    private static final int FIRST = 200;
    private static final int LAST = 254;

    /** What this process claimed: the locks are given back when it ends. */
    private static final Map<Path, FileChannel> CLAIMED = new HashMap<>();

    private PodNetworks() {}

    /**
     * The second number of a network {@code 10.N.0.0/16} in which no interface of this machine has an address.
     *
     * @throws ComponentException when there is none
     */
    static int free() {
        Set<Integer> used = used();
        for (int network = FIRST; network <= LAST; network++) {
            if (!used.contains(network)) {
                return network;
            }
        }
        throw noneFree();
    }

    /**
     * The same for a cluster whose nodes will have addresses in it, which takes seconds: until this process ends, and then
     * for as long as the folder holds the cluster, no other that asks here gets that network.
     *
     * @param claims a folder that all clusters of this machine know
     * @throws ComponentException when there is none
     */
    static synchronized int claim(Path claims, ClusterFolder cluster) {
        try {
            Files.createDirectories(claims);
            for (int network = FIRST; network <= LAST; network++) {
                if (!used().contains(network) && claim(claims, network, cluster)) {
                    return network;
                }
            }
        } catch (AccessDeniedException e) {
            // Who may not write there makes no bridges, and an engine refuses a network that overlaps another.
            return free();
        } catch (IOException e) {
            throw new ComponentException("can't claim a pod network in " + claims + ": " + e.getMessage(), e);
        }
        throw noneFree();
    }

    private static boolean claim(Path claims, int network, ClusterFolder cluster) throws IOException {
        Path file = claims.resolve(Integer.toString(network));
        // A second channel of the same file would take the lock with it when it is closed.
        if (CLAIMED.containsKey(file)) {
            return false;
        }
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        // Whoever had the lock until now may have left an address.
        if (channel.tryLock() != null && !belongsToAnother(channel) && !used().contains(network)) {
            String folder = cluster.path().toAbsolutePath().toString();
            channel.truncate(0).write(StandardCharsets.UTF_8.encode(folder));
            CLAIMED.put(file, channel);
            return true;
        }
        channel.close();
        return false;
    }

    /** Whether it is the network of a cluster that only does not run. */
    private static boolean belongsToAnother(FileChannel claim) throws IOException {
        ByteBuffer folder = ByteBuffer.allocate((int) claim.size());
        claim.read(folder, 0);
        String path = StandardCharsets.UTF_8.decode(folder.flip()).toString();
        return !path.isEmpty() && new ClusterFolder(Path.of(path)).holdsCluster();
    }

    private static Set<Integer> used() {
        Set<Integer> used = new HashSet<>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(each -> each.getInterfaceAddresses().stream())
                    .map(InterfaceAddress::getAddress)
                    .map(address -> address.getAddress())
                    .filter(bytes -> bytes.length == 4 && bytes[0] == 10)
                    .forEach(bytes -> used.add(Byte.toUnsignedInt(bytes[1])));
        } catch (SocketException e) {
            throw new ComponentException("can't read this machine's addresses: " + e.getMessage(), e);
        }
        return used;
    }

    private static ComponentException noneFree() {
        return new ComponentException("all pod networks from 10." + FIRST + ".0.0/16 to 10." + LAST
                + ".0.0/16 are in use on this machine: stop other clusters with `mokube down`");
    }
}
