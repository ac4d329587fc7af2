#!/usr/bin/env bash
# Renews the hash-locked requirements of the embedded stack (`make lock`). PyPI is enough.
#
#   containers/cpu/lock.sh UV [OPTION...]      such as --no-upgrade; --upgrade if none is given
#
# One lock serves every Python that make-venv.sh takes, since the same versions suit them all. So that
# it stays so, they are resolved for the oldest, and resolved again for the others.
set -euo pipefail
uv=$1
shift
[ $# -gt 0 ] || set -- --upgrade
cd "$(dirname "$0")/../.."

resolve() { # name, Python version, further options
  local name=$1 python=$2
  shift 2
  # PyPI's torch.lock is the one that wants what the overrides leave out.
  [ "$name" = torch ] || set -- "$@" --override containers/cpu/overrides.txt --no-emit-package torch
  "$uv" pip compile "containers/cpu/$name.in" --quiet --python-version "$python" \
    --python-platform x86_64-manylinux_2_28 --custom-compile-command 'make lock' "$@"
}

for name in bootstrap requirements dev torch; do
  lock=containers/cpu/$name.lock
  echo "$lock"
  resolve "$name" 3.11 "$@" --generate-hashes --output-file "$lock"
  for python in 3.12 3.13; do
    resolve "$name" "$python" --constraint "$lock" --no-annotate |
      diff <(resolve "$name" 3.11 --constraint "$lock" --no-annotate) - >&2 || {
      echo "$lock: Python $python needs other packages than 3.11 (above, >);" \
        "choose versions in ${lock%.lock}.in that suit both, or add what is missing there." >&2
      exit 1
    }
  done
done
