# meshproof with k6 and Prometheus, for CI and for machines without Node:
#
#   docker build -t meshproof .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" meshproof run baseline
#
# The images that it is made of are arguments, so that others may stand in for them, by digest if need be
# (--build-arg K6_IMAGE=grafana/k6@sha256:...). Their versions are those of kind-config/versions.yaml; a test compares them.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG K6_IMAGE=docker.io/grafana/k6:1.8.1
ARG PROMETHEUS_IMAGE=docker.io/prom/prometheus:v3.15.0

FROM ${K6_IMAGE} AS k6
FROM ${PROMETHEUS_IMAGE} AS prometheus

# The npm package, as it is published, installed from its tarball.
FROM ${NODE_IMAGE} AS package
# Another registry than npm's own: --build-arg NPM_CONFIG_REGISTRY=https://...
ARG NPM_CONFIG_REGISTRY
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No scripts: the one of the package `node` would fetch what this image has already.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp \
 && npm install --global --ignore-scripts --no-audit --no-fund --prefix /opt/meshproof /tmp/meshproof-*.tgz

FROM ${NODE_IMAGE}
ARG VERSION=dev
LABEL org.opencontainers.image.title=meshproof \
      org.opencontainers.image.description="Proves that what Prometheus says about a Linkerd mesh is true." \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=${VERSION}
COPY --from=k6 /usr/bin/k6 /usr/local/bin/k6
COPY --from=prometheus /bin/prometheus /usr/local/bin/prometheus
COPY --from=package /opt/meshproof /opt/meshproof
# HOME: whoever it runs as (--user) may write there.
ENV NODE_ENV=production \
    PATH=/opt/meshproof/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp
# A base whose Node, k6 or Prometheus can't run fails here, and not at the user's. /work is where results go.
RUN node --version && k6 version && prometheus --version && meshproof --version && mkdir -m 1777 /work
WORKDIR /work
# By number, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 65532:65532
# Exec form: it is process 1 and gets SIGTERM itself, upon which it ends what it has started.
ENTRYPOINT ["meshproof"]
