package io.mokube.kubelet.lifecycle;

import java.time.Duration;

/**
 * Something to do about a pod. An action may be ordered again before it is done; whoever carries them out leaves out those
 * whose {@link #key} is in progress.
 */
public sealed interface Action {

    /** What the action is about; two actions with one key are never in progress together. */
    String key();

    /** Prepare the volumes, then create and start a sandbox. */
    record RunSandbox(int attempt) implements Action {
        @Override
        public String key() {
            return "sandbox";
        }
    }

    /** Get the image, create the container in the sandbox and start it. */
    record StartContainer(String name, String sandboxId, int attempt) implements Action {
        @Override
        public String key() {
            return "start/" + name;
        }
    }

    /** Have a running container go on with the resources that its pod was granted. */
    record ResizeContainer(String id, String name) implements Action {
        @Override
        public String key() {
            return RESIZE + name;
        }
    }

    /** How the keys of changes of resources begin. */
    String RESIZE = "resize/";

    /**
     * Run the pre-stop hook, ask the container to end, and kill it after the grace period.
     *
     * @param grace ordered again with a shorter one, the container ends sooner
     */
    record StopContainer(String id, String name, Duration grace) implements Action {
        @Override
        public String key() {
            return "stop/" + id;
        }
    }

    /** Remove a container that has ended, and its log. */
    record RemoveContainer(String id, String name, int attempt) implements Action {
        @Override
        public String key() {
            return "remove/" + id;
        }
    }

    /** End everything in the sandbox and give its address back. */
    record StopSandbox(String id) implements Action {
        @Override
        public String key() {
            return "sandbox/" + id;
        }
    }

    /** Remove a stopped sandbox and its containers. */
    record RemoveSandbox(String id) implements Action {
        @Override
        public String key() {
            return "sandbox/" + id;
        }
    }

    /** Have the drivers take back the devices of a pod that has ended, before that is told. */
    record ReleaseDevices() implements Action {
        @Override
        public String key() {
            return "devices";
        }
    }

    /** Take back the volumes of a pod that has ended and whose object stays. */
    record ReleaseVolumes() implements Action {
        @Override
        public String key() {
            return "clean-up";
        }
    }

    /** Remove the pod's volumes, logs and control groups. */
    record CleanUp() implements Action {
        @Override
        public String key() {
            return "clean-up";
        }
    }

    /** Delete the pod's object: nothing of it is left on the node. */
    record DeleteObject() implements Action {
        @Override
        public String key() {
            return "delete";
        }
    }
}
