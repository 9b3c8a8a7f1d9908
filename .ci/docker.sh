# Sourced by .ci/run. Where no Docker engine answers, or no image registry can be reached, a folder beside the checkout may help
# out: its dockerd.sh starts an engine, its node-image.sh builds a node image and `kind-offline/base`. Without it nothing happens.
offline=${KIND_OFFLINE:-../shared/kind-offline}

if ! docker info >/dev/null 2>&1 && [ -f "$offline/dockerd.sh" ] && [ "$(id -u)" = 0 ]; then
  if bash "$offline/dockerd.sh"; then
    engine_pid=$(cat "${DOCKER_STATE:-/var/lib/kind-offline}/dockerd.pid")
    trap 'kill "$engine_pid" 2>/dev/null || true' EXIT
  fi
fi

if docker info >/dev/null 2>&1; then
  base=$(sed -n 's/^  base: { name: "\([^"]*\)".*/\1/p' kind-config/versions.yaml)
  if ! docker image inspect "$base" >/dev/null 2>&1 && ! timeout 300 docker pull -q "$base" >/dev/null 2>&1; then
    if [ -f "$offline/node-image.sh" ]; then
      echo "no registry has $base: building images without one (ten minutes, once)"
      bash "$offline/node-image.sh"
      export MESHPROOF_BASE_IMAGE=kind-offline/base
    else
      echo "no registry has $base: the tests on a real cluster may fail for want of images"
    fi
  fi
fi
