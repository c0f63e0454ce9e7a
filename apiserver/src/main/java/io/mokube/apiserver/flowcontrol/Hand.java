package io.mokube.apiserver.flowcontrol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Deals a flow its hand of queues. Two flows seldom get the same hand, so that one that floods its queues leaves every other
 * at least one queue without the flood. Pure.
 */
final class Hand {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Hand() {}

    /** A number for a flow, spread well. */
    static long hash(String schema, String flow) {
        long hash = FNV_OFFSET;
        for (byte each : (schema + '\0' + flow).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xff)) * FNV_PRIME;
        }
        hash ^= hash >>> 32;
        hash *= 0x9e3779b97f4a7c15L;
        return hash ^ (hash >>> 29);
    }

    /** Different queues out of {@code queues}, as many as {@code handSize} says or there are. */
    static int[] deal(long hash, int queues, int handSize) {
        int size = Math.min(queues, handSize);
        int[] hand = new int[size];
        long rest = hash;
        for (int dealt = 0; dealt < size; dealt++) {
            int left = queues - dealt;
            int card = (int) Long.remainderUnsigned(rest, left);
            rest = Long.divideUnsigned(rest, left);
            hand[dealt] = card;
            // The card's place among all queues: those dealt before are skipped, the lowest first.
            int[] before = Arrays.copyOf(hand, dealt);
            Arrays.sort(before);
            for (int other : before) {
                if (other <= hand[dealt]) {
                    hand[dealt]++;
                }
            }
        }
        return hand;
    }
}
