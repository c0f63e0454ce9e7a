package io.mokube.scheduler.snapshot;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The latest answers to tallies, for snapshots of the same nodes in the same order. An answer is brought from the snapshot
 * it was made for to another one, later or earlier, by the nodes in which they differ; so what is remembered decides how
 * long an answer takes and never what it says.
 *
 * <p>Safe for use by many threads.
 */
final class Tallies {

    /** How many answers are kept; those that were not asked for longest are dropped. */
    private static final int MOST = 256;

    private record Answer(Snapshot snapshot, DomainSums sums) {}

    private final Map<Tally, Answer> answers = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Tally, Answer> eldest) {
            return size() > MOST;
        }
    };

    synchronized DomainSums of(Tally tally, Snapshot snapshot) {
        Answer last = answers.get(tally);
        if (last != null && last.snapshot() == snapshot) {
            return last.sums();
        }
        DomainSums sums = last == null || !last.snapshot().hasNamespacesOf(snapshot)
                ? counted(tally, snapshot)
                : changed(tally, last, snapshot);
        answers.put(tally, new Answer(snapshot, sums));
        return sums;
    }

    /** The slow way: all nodes. */
    private static DomainSums counted(Tally tally, Snapshot snapshot) {
        DomainSums.Change all = DomainSums.NONE.change();
        for (int i = 0; i < snapshot.size(); i++) {
            all.add(snapshot.node(i), tally.of(snapshot.node(i), snapshot));
        }
        return all.sums();
    }

    private static DomainSums changed(Tally tally, Answer last, Snapshot snapshot) {
        DomainSums.Change change = last.sums().change();
        snapshot.forEachDifference(last.snapshot(), (before, now) -> {
            Map<String, Integer> gone = tally.of(before, snapshot);
            Map<String, Integer> come = tally.of(now, snapshot);
            // Most changes are pods that the tally is not about.
            if (!gone.equals(come) || !before.facts().equals(now.facts())) {
                change.remove(before, gone);
                change.add(now, come);
            }
        });
        return change.sums();
    }
}
