package io.mokube.it;

import java.nio.file.Path;
import java.util.List;

/** A cluster with real containers, as a user has one. */
interface TestCluster extends AutoCloseable {

    /** What can be killed by itself. */
    enum Part {
        API_SERVER,
        SCHEDULER,
        CONTROLLER_MANAGER,
        KUBELETS,
        /** All components, when they are one process. */
        EVERYTHING
    }

    /** The parts of this cluster. */
    List<Part> parts();

    /** The administrator's kubeconfig. */
    Path kubeconfig();

    List<String> nodes();

    /** The runtimes of all nodes. */
    Cri cri();

    /** Kills a component as {@code kill -9} does and starts it again, without waiting until it works. */
    void killAndRestart(Part part);

    @Override
    void close();
}
