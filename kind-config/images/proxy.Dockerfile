# Sidecar and control plane of the simulated mesh, and the script of the init container that redirects a pod's traffic.
# BASE: any image with glibc, /bin/sh and Node 24; without iptables in it, one of Debian, and a network.
ARG BASE
FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
USER 0
# The iptables that `iptables` names, which is the nft variant in Debian 10 and later. It works in a pod whatever the node
# itself uses, as rules belong to the pod's own network namespace, and it needs no ip_tables module, which a pod could not
# load and new kernels no longer have. The legacy variant, for kernels without nf_tables, is in the same package.
RUN command -v iptables || { \
      apt-get update && apt-get install -y --no-install-recommends iptables && rm -rf /var/lib/apt/lists/*; \
    }
ENV NODE_ENV=production
COPY sidecar.mjs await.mjs control-plane.mjs redirect.sh /meshproof/
# What this user sends is not redirected, as with Linkerd's proxy. The init container says for itself that it is root.
USER 2102:2102
ENTRYPOINT ["node"]
CMD ["/meshproof/sidecar.mjs"]
