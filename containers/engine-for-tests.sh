#!/bin/sh
# Brings what the container tests start for themselves: an engine and a registry, from Debian.
# Touches nothing where they are there already, or where this user may not install packages: then it
# says what will be skipped, and why.
set -eu

packages=""
want() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
want dockerd docker.io
want docker-registry docker-registry
want busybox busybox-static
want podman podman
want chromium chromium
[ -z "$packages" ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing$packages with apt-get, for the container tests: about a minute."
  # The tests start an engine of their own: none is to run as a service because of them.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    ours=/usr/sbin/policy-rc.d
  fi
  # The sleep writes nowhere: what reads this output is not to wait for the last one.
  while sleep 30 >/dev/null 2>&1; do echo "  still installing"; done &
  heartbeat=$!
  log=$(mktemp)
  trap 'kill $heartbeat; rm -f "$log" ${ours:-}' EXIT
  # shellcheck disable=SC2086 # a list of package names
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  echo "Installed them."
else
  echo "The container tests will be skipped; 'sudo apt-get install$packages' brings what they need."
fi
