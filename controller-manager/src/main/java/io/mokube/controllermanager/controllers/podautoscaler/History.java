package io.mokube.controllermanager.controllers.podautoscaler;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What an autoscaler recommended and did lately. It is not stored: after a restart it begins anew, with the number of
 * replicas found.
 *
 * @param recommendations what the metrics asked for, before it was made steady
 * @param changes of the number of replicas, those downwards negative
 */
record History(List<Recommendation> recommendations, List<Change> changes) {

    record Recommendation(int replicas, Instant at) {}

    record Change(int by, Instant at) {}

    History {
        recommendations = List.copyOf(recommendations);
        changes = List.copyOf(changes);
    }

    static History beginning(int replicas, Instant now) {
        return new History(List.of(new Recommendation(replicas, now)), List.of());
    }

    /** The recommendations of so long. */
    IntStream recommended(Duration window, Instant now) {
        return recommendations.stream()
                .filter(each -> each.at().isAfter(now.minus(window)))
                .mapToInt(Recommendation::replicas);
    }

    /** How many replicas there were so long ago. */
    int before(int replicas, Duration period, Instant now) {
        return replicas
                - changes.stream()
                        .filter(each -> each.at().isAfter(now.minus(period)))
                        .mapToInt(Change::by)
                        .sum();
    }

    /** @param kept how long recommendations matter */
    History recommend(int replicas, Instant now, Duration kept) {
        List<Recommendation> more = new ArrayList<>(recommendations);
        more.removeIf(each -> each.at().isBefore(now.minus(kept)));
        more.add(new Recommendation(replicas, now));
        return new History(more, changes);
    }

    /** @param kept how long changes matter */
    History change(int by, Instant now, Duration kept) {
        List<Change> more = new ArrayList<>(changes);
        more.removeIf(each -> each.at().isBefore(now.minus(kept)));
        more.add(new Change(by, now));
        return new History(recommendations, more);
    }
}
