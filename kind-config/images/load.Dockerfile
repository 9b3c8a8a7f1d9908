# The load generator: k6, and the program that runs it in a pod. Beside it the reader of pages (Prometheus' pod).
# BASE: any image with glibc and Node 24. K6_IMAGE: one with k6 at /usr/bin/k6, as grafana/k6 has it.
ARG BASE
ARG K6_IMAGE
FROM ${K6_IMAGE} AS k6

FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
ENV NODE_ENV=production
COPY --from=k6 /usr/bin/k6 /usr/bin/k6
COPY agent.mjs page-reader.mjs /meshproof/
USER 65532:65532
ENTRYPOINT ["node", "/meshproof/agent.mjs"]
