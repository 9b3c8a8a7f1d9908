# Sourced by .ci/run. The pages that people look at are tested in a browser. Where there is none but one can be installed (Debian,
# as root) it is; where it can't, those tests are left out, and say so.
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && [ -z "${MESHPROOF_CHROMIUM:-}" ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing Chromium for the tests of pages"
    { timeout 300 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null ||
      echo "Chromium can't be installed: the tests of pages in a browser are left out"
  fi
fi
