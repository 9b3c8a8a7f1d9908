# k6 as in grafana/k6 (same path, user and entrypoint), of the program that this machine has: for when no registry is reached.
ARG BASE
FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
USER 0
COPY k6 /usr/bin/k6
RUN ["/usr/bin/k6", "version"]
USER 12345
WORKDIR /tmp
ENTRYPOINT ["/usr/bin/k6"]
