# A worker node: the kubelet agent and what it runs pods with.
ARG BASE=eclipse-temurin:25-jre
FROM ${BASE}
RUN command -v containerd >/dev/null || { apt-get update \
    && apt-get install -y --no-install-recommends \
        containerd runc containernetworking-plugins iptables iproute2 nftables busybox-static \
    && rm -rf /var/lib/apt/lists/*; }
COPY compose/service compose/node /usr/local/bin/
COPY kubelet-agent/target/kubelet-agent-*-application.jar /opt/mokube/application.jar
# The agent shares its machine with pods: docs/kubelet-agent.md says what each of these saves.
ENV MALLOC_ARENA_MAX=1
ENV JDK_JAVA_OPTIONS="-Xms16m -Xmx128m -Xmn6m -XX:+UseSerialGC -XX:MaxHeapFreeRatio=30 -XX:MinHeapFreeRatio=10 -XX:TieredStopAtLevel=1 -Djdk.nio.maxCachedBufferSize=65536 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
ENTRYPOINT ["node"]
