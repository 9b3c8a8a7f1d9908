# Sourced by .ci/run. Where no Docker engine answers, or no image registry can be reached, a folder beside the checkout may help
# out: dockerd.sh in it starts an engine, node-image.sh builds a node image and `kind-offline/base`. Without it, nothing happens.
offline=${KIND_OFFLINE:-../shared/kind-offline}
node_image=$(sed -n 's/^ *image: *\(kindest\/node:[^ @]*\).*/\1/p' kind-config/versions.yaml | head -n 1)

stop_engine() { # ends the engine that was started here, by its pid
  [ -n "${engine_pid:-}" ] && kill "$engine_pid" 2>/dev/null || true
}

if ! docker info >/dev/null 2>&1 && [ -f "$offline/dockerd.sh" ] && [ "$(id -u)" = 0 ]; then
  if bash "$offline/dockerd.sh"; then
    engine_pid=$(cat "${DOCKER_STATE:-/var/lib/kind-offline}/dockerd.pid")
    trap stop_engine EXIT
  fi
fi
if docker info >/dev/null 2>&1 && ! docker image inspect "$node_image" >/dev/null 2>&1; then
  if ! timeout 300 docker pull -q "$node_image" >/dev/null 2>&1 && [ -f "$offline/node-image.sh" ]; then
    echo "no registry has $node_image: building it (ten minutes, once)"
    bash "$offline/node-image.sh" "$node_image"
  fi
fi
if docker image inspect kind-offline/base >/dev/null 2>&1; then
  export MESHPROOF_BASE_IMAGE=kind-offline/base
fi
