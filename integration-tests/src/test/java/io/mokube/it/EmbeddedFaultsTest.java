package io.mokube.it;

/** Everything in one process, with the state in the embedded store. */
class EmbeddedFaultsTest extends FaultScenarios {

    @Override
    TestCluster start() {
        return UpCluster.start(1, "--store=embedded");
    }
}
