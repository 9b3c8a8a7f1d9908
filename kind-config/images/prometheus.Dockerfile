# Prometheus as in prom/prometheus (same paths, user and entrypoint), of the program that this machine has: for when no
# registry is reached.
ARG BASE
FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
USER 0
COPY prometheus /bin/prometheus
RUN ["/bin/prometheus", "--version"]
RUN mkdir -p /etc/prometheus /prometheus && echo '{}' > /etc/prometheus/prometheus.yml && chown 65534:65534 /prometheus
USER 65534
EXPOSE 9090
VOLUME ["/prometheus"]
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
