package io.mokube.controllermanager.controllers.garbage;

import java.util.LinkedHashMap;
import java.util.Map;

/** Owners that were found not to exist, so that many dependents cost one request. UIDs never come back. */
final class AbsentOwners {

    private static final int MOST = 500;

    private final Map<Coordinates, Boolean> newest = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Coordinates, Boolean> eldest) {
            return size() > MOST;
        }
    };

    /** Where a dependent's reference points: the same UID under other coordinates may well exist. */
    record Coordinates(String apiVersion, String kind, String namespace, String name, String uid) {}

    synchronized void add(Coordinates owner) {
        newest.put(owner, true);
    }

    synchronized boolean contains(Coordinates owner) {
        return newest.containsKey(owner);
    }
}
