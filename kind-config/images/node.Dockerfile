# A base with the Node that runs meshproof, for images that have none. Built once for each base and version of Node.
ARG BASE
FROM ${BASE}
LABEL app.kubernetes.io/managed-by=meshproof
USER 0
COPY node /usr/local/bin/node
# Here and not in a pod: it says what is missing when the base has another libc, an older one, or no libstdc++.
RUN ["/usr/local/bin/node", "--version"]
