#!/bin/sh
# Brings programs that tests start for themselves, from Debian: containers/engine-for-tests.sh PROGRAM...
# Touches nothing where they are there already, or where this user may not install packages: then it
# says what will be skipped, and why.
set -eu

packages=""
for program in "$@"; do
  command -v "$program" >/dev/null 2>&1 && continue
  case "$program" in
    dockerd) packages="$packages docker.io" ;;
    busybox) packages="$packages busybox-static" ;;
    *) packages="$packages $program" ;;
  esac
done
[ -z "$packages" ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing$packages with apt-get, for the tests: about a minute."
  # The sleep writes nowhere: what reads this output is not to wait for the last one.
  while sleep 30 >/dev/null 2>&1; do echo "  still installing"; done &
  heartbeat=$!
  log=$(mktemp)
  trap 'kill "$heartbeat"; rm -f "$log" ${ours:+"$ours"}' EXIT
  # The tests start an engine of their own: none is to run as a service because of them.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    ours=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$ours"
    chmod 755 "$ours"
  fi
  # shellcheck disable=SC2086 # a list of package names
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1 || {
    cat "$log" >&2
    echo "apt-get could not install$packages (above); the tests that need them will be skipped." >&2
  }
else
  echo "Some tests will be skipped; 'sudo apt-get install$packages' brings what they need."
fi
