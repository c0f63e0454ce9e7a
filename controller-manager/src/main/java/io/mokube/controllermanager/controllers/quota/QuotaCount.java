package io.mokube.controllermanager.controllers.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import io.mokube.machinery.quota.Amounts.Amount;
import io.mokube.machinery.quota.Evaluator;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the status of a quota should say. Pure.
 *
 * <p>The API server charges a quota a moment before the object is stored, so a count alone can't tell what was charged
 * for an object on its way from what is used no more. Therefore only what was charged a while ago already, and is still
 * not found, is given back.
 *
 * @param hard the limits, those of the spec
 * @param used what is used of them
 * @param isSettled whether nothing is left to be given back
 */
record QuotaCount(Amounts hard, Amounts used, boolean isSettled) {

    /**
     * Measures the objects that a quota counts.
     *
     * @param objects the objects of the quota's namespace, by resource; what is missing is not known and not measured
     */
    static Amounts measure(KubeObject quota, Map<GroupResource, List<KubeObject>> objects, Instant now) {
        Amounts hard = Amounts.of(quota.at("spec", "hard"));
        Amounts total = Amounts.NONE;
        for (Map.Entry<GroupResource, List<KubeObject>> each : objects.entrySet()) {
            Evaluator evaluator = Evaluator.of(each.getKey());
            List<String> measured =
                    hard.names().stream().filter(evaluator::measures).toList();
            total = total.plus(Amounts.zero(measured));
            for (KubeObject object : each.getValue()) {
                if (evaluator.isScopedBy(quota, object)) {
                    total = total.plus(evaluator.usage(object, now).only(measured::contains));
                }
            }
        }
        return total;
    }

    /**
     * Compares what was measured with what is charged.
     *
     * @param measured the outcome of {@link #measure}
     * @param earlier what was charged a while ago; empty when that is not known
     */
    static QuotaCount of(KubeObject quota, Amounts measured, Optional<Amounts> earlier) {
        Amounts hard = Amounts.of(quota.at("spec", "hard"));
        Amounts charged = Amounts.of(quota.at("status", "used"));
        Amounts used = Amounts.NONE;
        boolean settled = true;
        for (String name : hard.names()) {
            Amount there = measured.get(name);
            if (!measured.has(name)) {
                used = charged.has(name) ? used.with(name, charged.get(name)) : used;
            } else if (!charged.has(name) || there.compareTo(charged.get(name)) >= 0) {
                used = used.with(name, there);
            } else {
                Amounts surplus = Amounts.NONE.with(name, charged.get(name)).minus(measured);
                Amounts old = earlier.map(before -> before.minus(measured)).orElse(Amounts.NONE);
                Amount rest = Amounts.NONE
                        .with(name, charged.get(name))
                        .minus(surplus.min(old))
                        .get(name);
                // Written as what is measured is, where they are the same.
                used = used.with(name, rest.equals(there) ? there : rest);
                settled &= rest.equals(there);
            }
        }
        return new QuotaCount(hard, used, settled);
    }

    /** Whether the quota's status says this already. */
    boolean isStatusOf(KubeObject quota) {
        return quota.at("status", "hard").isObject()
                && quota.at("status", "used").isObject()
                && hard.equals(Amounts.of(quota.at("status", "hard")))
                && used.equals(Amounts.of(quota.at("status", "used")));
    }
}
