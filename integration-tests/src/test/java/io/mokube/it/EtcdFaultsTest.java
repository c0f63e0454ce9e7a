package io.mokube.it;

/** Everything in one process, with the state in a real etcd. */
class EtcdFaultsTest extends FaultScenarios {

    @Override
    TestCluster start() {
        return UpCluster.start(1, "--store=etcd");
    }
}
