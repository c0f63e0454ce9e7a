package io.mokube.apiserver.admission.quota;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.ClusterWriter;
import io.mokube.apiserver.admission.quota.QuotaClaim.Verdict;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Charges claims to all quotas of their namespace, or to none. A charge is a compare and swap on the quota's status, so
 * it holds against other servers too. Claims that come at the same time are charged together: whoever gets hold of a
 * namespace serves all who wait for it, with one write for each quota.
 */
final class QuotaLedger {

    static final GroupResource QUOTAS = new GroupResource("", "resourcequotas");

    private final ClusterReader cluster;
    private final ClusterWriter writer;
    private final Map<String, Counter> counters = new ConcurrentHashMap<>();

    QuotaLedger(ClusterReader cluster, ClusterWriter writer) {
        this.cluster = cluster;
        this.writer = writer;
    }

    /** Where the claims of one namespace wait. */
    private record Counter(ReentrantLock lock, ConcurrentLinkedQueue<Entry> waiting) {}

    /** A claim on its way; written by whoever holds the lock. */
    private static final class Entry {
        private final QuotaClaim claim;
        private final boolean dryRun;
        private final Map<ObjectKey, Amounts> charged = new LinkedHashMap<>();
        private @Nullable String refusal;
        private @Nullable RuntimeException failure;
        private boolean decided;

        Entry(QuotaClaim claim, boolean dryRun) {
            this.claim = claim;
            this.dryRun = dryRun;
        }
    }

    /**
     * Charges a claim.
     *
     * @param dryRun whether only to ask
     * @return why it was refused, in which case nothing is charged
     */
    Optional<String> charge(String namespace, QuotaClaim claim, boolean dryRun) {
        if (cluster.list(QUOTAS, namespace).isEmpty()) {
            counters.remove(namespace);
            return Optional.empty();
        }
        Counter counter = counters.computeIfAbsent(
                namespace, any -> new Counter(new ReentrantLock(), new ConcurrentLinkedQueue<>()));
        Entry entry = new Entry(claim, dryRun);
        counter.waiting.add(entry);
        counter.lock.lock();
        try {
            if (!entry.decided) {
                serve(namespace, drain(counter.waiting));
            }
        } finally {
            counter.lock.unlock();
        }
        if (entry.failure != null) {
            throw entry.failure;
        }
        return Optional.ofNullable(entry.refusal);
    }

    private static List<Entry> drain(ConcurrentLinkedQueue<Entry> waiting) {
        List<Entry> entries = new ArrayList<>();
        for (Entry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            entries.add(entry);
        }
        return entries;
    }

    private void serve(String namespace, List<Entry> entries) {
        try {
            List<KubeObject> quotas = new ArrayList<>(cluster.list(QUOTAS, namespace));
            quotas.sort(Comparator.comparing(KubeObject::name));
            for (KubeObject quota : quotas) {
                List<Entry> concerned = entries.stream()
                        .filter(entry -> entry.refusal == null)
                        .filter(entry ->
                                !(entry.claim.ask(quota, QuotaClaim.used(quota)) instanceof Verdict.Unconcerned))
                        .toList();
                if (!concerned.isEmpty()) {
                    charge(quota.key(), concerned);
                }
            }
        } catch (RuntimeException e) {
            entries.forEach(entry -> entry.failure = e);
        } finally {
            entries.forEach(entry -> entry.decided = true);
            giveBack(entries);
        }
    }

    private void charge(ObjectKey quota, List<Entry> entries) {
        Map<Entry, Verdict> verdicts = new HashMap<>();
        writer.update(QUOTAS, quota, current -> {
            verdicts.clear();
            Amounts before = QuotaClaim.used(current);
            Amounts used = before;
            for (Entry entry : entries) {
                Verdict verdict = entry.claim.ask(current, used);
                verdicts.put(entry, verdict);
                if (verdict instanceof Verdict.Charged(Amounts usage) && !entry.dryRun) {
                    used = used.plus(usage);
                }
            }
            setUsed(current, before, used);
        });
        verdicts.forEach((entry, verdict) -> {
            switch (verdict) {
                case Verdict.Unconcerned() -> {}
                case Verdict.Charged(Amounts usage) -> {
                    if (!entry.dryRun) {
                        entry.charged.put(quota, usage);
                    }
                }
                case Verdict.Refused(String why) -> entry.refusal = why;
            }
        });
    }

    /** What one quota refused must not stay charged to another. */
    private void giveBack(List<Entry> entries) {
        Map<ObjectKey, Amounts> surplus = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.refusal != null || entry.failure != null) {
                entry.charged.forEach((quota, usage) -> surplus.merge(quota, usage, Amounts::plus));
            }
        }
        try {
            surplus.forEach((quota, usage) -> writer.update(QUOTAS, quota, current -> {
                Amounts used = QuotaClaim.used(current);
                setUsed(current, used, used.minus(usage));
            }));
        } catch (RuntimeException e) {
            // The controller gives back what can't be given back now.
            entries.stream().filter(entry -> entry.refusal == null).forEach(entry -> entry.failure = e);
        }
    }

    private static void setUsed(KubeObject quota, Amounts before, Amounts used) {
        if (!used.equals(before)) {
            quota.root().withObjectProperty("status").set("used", used.toJson());
        }
    }
}
