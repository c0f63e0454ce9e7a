# A worker node: the kubelet agent and what it runs pods with.
ARG BASE=eclipse-temurin:25-jre
FROM ${BASE}
RUN command -v containerd >/dev/null || { apt-get update \
    && apt-get install -y --no-install-recommends \
        containerd runc containernetworking-plugins iptables iproute2 nftables busybox-static \
    && rm -rf /var/lib/apt/lists/*; }
COPY compose/service compose/node /usr/local/bin/
COPY kubelet-agent/target/kubelet-agent-*-application.jar /opt/mokube/application.jar
ENV JDK_JAVA_OPTIONS="-Xms16m -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxHeapFreeRatio=30 -XX:MinHeapFreeRatio=10 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
ENTRYPOINT ["node"]
