# kube-proxy of a node, beside the node in its network.
ARG BASE=eclipse-temurin:25-jre
FROM ${BASE}
RUN command -v nft >/dev/null || { apt-get update \
    && apt-get install -y --no-install-recommends nftables conntrack iproute2 busybox \
    && rm -rf /var/lib/apt/lists/*; }
COPY compose/service /usr/local/bin/
COPY kube-proxy/target/kube-proxy-*-application.jar /opt/mokube/application.jar
ENV JDK_JAVA_OPTIONS="-Xmx256m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
ENTRYPOINT ["service"]
