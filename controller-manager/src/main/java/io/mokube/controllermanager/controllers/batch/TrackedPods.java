package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.batch.JobActions.Untracked;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.SideBySide;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Takes the finalizer off pods, several at once. Safe for use by many threads. */
final class TrackedPods {

    private static final int MOST_AT_ONCE = 64;

    private final ResourceClient<Pod> client;
    private final OwnWrites writes;

    TrackedPods(ResourceClient<Pod> client, OwnWrites writes) {
        this.client = client;
        this.writes = writes;
    }

    /** See {@link JobActions#untrack}. */
    Untracked untrack(Job job, List<Pod> pods) throws InterruptedException {
        Queue<Pod> without = new ConcurrentLinkedQueue<>();
        Optional<RuntimeException> error = Optional.empty();
        for (int from = 0; from < pods.size() && error.isEmpty(); from += MOST_AT_ONCE) {
            List<Pod> batch = pods.subList(from, Math.min(from + MOST_AT_ONCE, pods.size()));
            error = SideBySide.each(batch, pod -> {
                if (untrack(job, pod)) {
                    without.add(pod);
                }
            });
        }
        return new Untracked(new ArrayList<>(without), error);
    }

    private boolean untrack(Job job, Pod pod) {
        String uid = job.getMetadata().getUid();
        try {
            writes.stored(uid, withoutFinalizer(client, pod));
            return true;
        } catch (ConnectionException e) {
            writes.failed(uid, Ownership.key(pod), e);
            throw e;
        } catch (ApiException e) {
            if (e.isNotFound()) {
                writes.deleted(uid, pod);
                return true;
            }
            if (e.isConflict()) {
                return false;
            }
            writes.failed(uid, Ownership.key(pod), e);
            throw e;
        }
    }

    /**
     * Takes the finalizer off one pod.
     *
     * @throws ApiException 409 when the pod is no longer as it was read, 404 when it is gone
     */
    static Pod withoutFinalizer(ResourceClient<Pod> client, Pod pod) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", pod.getMetadata().getUid());
        metadata.put("resourceVersion", pod.getMetadata().getResourceVersion());
        ArrayNode finalizers = metadata.putArray("finalizers");
        pod.getMetadata().getFinalizers().stream()
                .filter(finalizer -> !finalizer.equals(JobPod.FINALIZER))
                .forEach(finalizers::add);
        return client.patch(Ownership.key(pod), PatchKind.MERGE, patch);
    }
}
