package io.mokube.machinery.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts.Amount;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Volume claims count for one and for the bytes they request, in all and within their storage class. */
enum VolumeClaimEvaluator implements Evaluator {
    INSTANCE;

    private static final String COUNT = CountEvaluator.countName(new GroupResource("", "persistentvolumeclaims"));
    private static final String CLAIMS = "persistentvolumeclaims";
    private static final String STORAGE = "requests.storage";
    private static final String OF_CLASS = ".storageclass.storage.k8s.io/";
    private static final String CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
    private static final String ATTRIBUTES_CLASS = "VolumeAttributesClass";

    @Override
    public boolean measures(String name) {
        return name.equals(COUNT)
                || name.equals(CLAIMS)
                || name.equals(STORAGE)
                || name.endsWith(OF_CLASS + CLAIMS)
                || name.endsWith(OF_CLASS + STORAGE);
    }

    @Override
    public Amounts usage(KubeObject claim, Instant now) {
        String storageClass = claim.annotations()
                .getOrDefault(
                        CLASS_ANNOTATION, claim.at("spec", "storageClassName").asString(""));
        Amounts usage = Amounts.NONE.with(COUNT, Amount.ONE).with(CLAIMS, Amount.ONE);
        if (!storageClass.isEmpty()) {
            usage = usage.with(storageClass + OF_CLASS + CLAIMS, Amount.ONE);
        }
        Amounts requests = Amounts.of(claim.at("spec", "resources", "requests"));
        if (requests.has("storage")) {
            // A claim that was shrunk still has what was allocated to it.
            Amount bytes = whole(requests.max(Amounts.of(claim.at("status", "allocatedResources")))
                    .get("storage"));
            usage = usage.with(STORAGE, bytes);
            if (!storageClass.isEmpty()) {
                usage = usage.with(storageClass + OF_CLASS + STORAGE, bytes);
            }
        }
        return usage;
    }

    private static Amount whole(Amount bytes) {
        return new Amount(bytes.value().setScale(0, RoundingMode.CEILING), bytes.binary());
    }

    @Override
    public boolean isWithin(QuotaScope scope, KubeObject claim) {
        return scope.name().equals(ATTRIBUTES_CLASS) && scope.fitsOneOf(attributesClasses(claim));
    }

    /** The classes the claim has, is to get, or is on its way to. */
    private static Set<String> attributesClasses(KubeObject claim) {
        Set<String> classes = new TreeSet<>();
        for (String name : List.of(
                claim.at("spec", "volumeAttributesClassName").asString(""),
                claim.at("status", "currentVolumeAttributesClassName").asString(""),
                claim.at("status", "modifyVolumeStatus", "targetVolumeAttributesClassName")
                        .asString(""))) {
            if (!name.isEmpty()) {
                classes.add(name);
            }
        }
        return classes;
    }

    @Override
    public boolean growsBy(String subresource, KubeObject claim, KubeObject old) {
        return subresource.isEmpty()
                || (subresource.equals("status")
                        && (!claim.at("status", "allocatedResources").equals(old.at("status", "allocatedResources"))
                                || !attributesClasses(claim).equals(attributesClasses(old))));
    }
}
