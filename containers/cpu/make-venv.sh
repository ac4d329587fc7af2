#!/usr/bin/env bash
# Makes the environment of a checkout from the locked requirements, with Python 3.11, 3.12 or 3.13.
#
#   containers/cpu/make-venv.sh FOLDER [PYTHON]
#   containers/cpu/make-venv.sh --made-with FOLDER PYTHON   exit code 0 if PYTHON's version made it
#
# It prints a line before, a line after, one every half a minute between, and errors in full.
set -euo pipefail
cd "$(dirname "$0")/../.."

stack=containers/cpu
torch=torch==2.13.0+cpu
torch_index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

fail() { echo "$*" >&2; exit 1; }

# "3.12", or nothing where it cannot be run: a version manager's stand-in may be in the way.
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

if [ "$1" = --made-with ]; then
  version=$(version_of "$3")
  [ -n "$version" ] && grep -q "^version = $version[.]" "$2/pyvenv.cfg" 2>/dev/null
  exit
fi
venv=$1 wanted=${2:-}

choose_python() {
  local name version found=""
  while read -r name; do
    version=$(version_of "$name")
    [[ $version =~ ^3\.1[123]$ ]] && { echo "$name"; return; }
    found+="${version:+$version }"
  done < <(if [ -n "$wanted" ]; then echo "$wanted"
           else printf '%s\n' python3.11 python3.12 python3.13 python3
                compgen -c python3. | grep -xE 'python3\.[0-9]+'; fi)
  found=$(printf %s "$found" | tr ' ' '\n' | sort -uV | paste -sd ' ' | sed 's/ / and /g')
  fail "Found ${found:+Python }${found:-no Python 3${wanted:+ that runs as $wanted}}, expected one of" \
    "3.11, 3.12 and 3.13; install one and run 'make PYTHON=/path/to/it'."
}

# pip and uv say nothing but errors; pip's warnings are of folders that this machine's settings name.
pip() { "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps "$@"; }
uv() { "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps "$@"; }

# torch's CPU build is pinned by version and not by hash: it lies in other places on other machines.
install_torch() {
  pip "$torch" 2>/dev/null && return
  echo "  pip's configured sources have no $torch: taking it from $torch_index."
  pip --retries 2 --index-url "$torch_index" "$torch" 2>/dev/null && return
  echo "  It cannot be reached, or has none for this Python: taking PyPI's build of the same torch," \
    "which computes the same on a processor and comes with CUDA: 3 GB to download, 5 GB of disk."
  uv --require-hashes -r "$stack/torch.lock"
}

[ "$(uname -sm)" = "Linux x86_64" ] ||
  fail "Found $(uname -sm), expected Linux x86_64, which the locked requirements are for."
python=$(choose_python)
version=$(version_of "$python")
"$python" -c 'import ensurepip' 2>/dev/null ||
  fail "Found Python $version ($python) without ensurepip, which environments are made with;" \
    "Debian and Ubuntu have it in a package of its own: 'apt install python$version-venv'."
echo "Making $venv with Python $version from the locked requirements:" \
  "about a minute, and as long as 1 GB takes to download where it is not cached."
# The sleep writes nowhere: what reads this output is not to wait for the last one.
while sleep 30 >/dev/null 2>&1; do echo "  still installing, $SECONDS s"; done &
heartbeat=$!
trap 'kill $heartbeat' EXIT

"$python" -m venv --clear "$venv"
pip --require-hashes -r "$stack/bootstrap.lock"
install_torch
uv --require-hashes --compile-bytecode -r "$stack/requirements.lock" -r "$stack/dev.lock"
uv --no-build-isolation --editable .
echo "Made $venv in $SECONDS s."
