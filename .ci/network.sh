# Sourced by .ci/run. How a pod's traffic is led through its sidecar is tested in network namespaces, by ip and iptables. Where they
# are missing but can be installed (Debian, as root) they are; where they can't, those tests are left out, and say so.
if ! { command -v ip && command -v iptables; } >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "installing ip and iptables for the tests of redirection"
  { timeout 300 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends iproute2 iptables; } >/dev/null ||
    echo "ip and iptables can't be installed: the tests of redirection are left out"
fi
