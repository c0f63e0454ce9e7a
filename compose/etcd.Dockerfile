# A member of the etcd cluster.
ARG BASE=debian:12
FROM ${BASE}
RUN command -v etcd >/dev/null || { apt-get update \
    && apt-get install -y --no-install-recommends etcd-server \
    && rm -rf /var/lib/apt/lists/*; }
ENTRYPOINT ["etcd"]
