# The synthetic services. BASE: any image with glibc and Node 24 (node.Dockerfile gives one to an image that has none).
ARG BASE
FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
ENV NODE_ENV=production \
    MESHPROOF_SERVICE_CONFIG=/etc/meshproof/service.json
COPY service.mjs /meshproof/
# By number, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 65532:65532
# Exec form: the program is process 1 and gets SIGTERM itself.
ENTRYPOINT ["node", "/meshproof/service.mjs"]
