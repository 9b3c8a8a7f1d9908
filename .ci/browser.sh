# Sourced by .ci/run. The pages that people look at are tested in a browser. Where there is none but one can be installed (Debian,
# as root) it is. In CI a missing browser fails those tests; only where none can be installed are they left out, which is said.
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && [ -z "${MESHPROOF_CHROMIUM:-}" ]; then
  no_browser="it needs apt-get, as root"
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing Chromium for the tests of pages"
    if { timeout 300 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null; then
      no_browser=""
    else
      no_browser="apt-get has failed"
    fi
  fi
  if [ -n "$no_browser" ]; then
    echo "Chromium can't be installed ($no_browser): the tests of pages in a browser are left out (MESHPROOF_NO_BROWSER=1)"
    export MESHPROOF_NO_BROWSER=1
  fi
  unset no_browser
fi
