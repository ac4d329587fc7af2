#!/usr/bin/env bash
# Makes a base image for containers/cpu out of Debian 12 packages, for machines that reach a Debian
# mirror and no image registry (our tests and CI). Elsewhere docker.io/library/python is the base.
#
#   containers/cpu/base.sh FOLDER > base.tar     FOLDER keeps downloaded packages between calls
#
# Packages come through apt, which checks their signatures; it works in FOLDER and leaves the
# machine's own package state alone. The same packages give the same bytes.
set -euo pipefail

cache=$(mkdir -p "$1" && cd "$1" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || { echo "base.sh: no $keyring; install debian-archive-keyring." >&2; exit 1; }

# A Python, what its standard library and the engines' extensions load, a shell, and certificates.
packages=(
  base-files base-passwd bash ca-certificates coreutils dash findutils grep sed
  libacl1 libattr1 libbz2-1.0 libc-bin libc6 libcrypt1 libdb5.3 libexpat1 libffi8 libgcc-s1
  libgmp10 libgomp1 liblzma5 libncursesw6 libnsl2 libnuma1 libpcre2-8-0 libpython3.11-minimal
  libpython3.11-stdlib libreadline8 libselinux1 libsqlite3-0 libssl3 libstdc++6 libtinfo6 libtirpc3
  libuuid1 media-types python3-pip-whl python3-setuptools-whl python3.11 python3.11-minimal
  python3.11-venv tzdata util-linux libsmartcols1 zlib1g libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0
  libcom-err2 libkeyutils1
)

mkdir -p "$cache/state/lists/partial" "$cache/archives/partial" "$cache/packages"
cat > "$cache/sources.list" <<EOF
deb [signed-by=$keyring] http://deb.debian.org/debian bookworm main
deb [signed-by=$keyring] http://deb.debian.org/debian-security bookworm-security main
EOF
touch "$cache/state/status"
apt=(-qq -o Dir::State="$cache/state" -o Dir::State::status="$cache/state/status"
  -o Dir::Cache="$cache" -o Dir::Etc::sourcelist="$cache/sources.list" -o Dir::Etc::sourceparts=-
  -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o Acquire::Languages=none
  -o APT::Sandbox::User=)
apt-get "${apt[@]}" update >&2
(cd "$cache/packages" && rm -f ./*.deb.part && apt-get "${apt[@]}" download "${packages[@]}" >&2)

# The newest download of each package, in alphabetical order.
mkdir -p "$root/var/lib/dpkg/status.d"
for package in "${packages[@]}"; do
  deb=$(find "$cache/packages" -name "${package}_*.deb" -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-)
  dpkg-deb --extract "$deb" "$root"
  # Where tools that list an image's packages look for them, when there is no dpkg in it.
  dpkg-deb --field "$deb" > "$root/var/lib/dpkg/status.d/$package"
done

# What the packages' installation scripts would have done.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"
ln -sf dash "$root/bin/sh"
rm -rf "$root"/usr/share/{doc,man,locale,info,lintian}
mkdir -p "$root"/{proc,sys,dev,tmp,root} && chmod 1777 "$root/tmp"
ldconfig -r "$root" && rm -rf "$root/var/cache/ldconfig"

tar --directory "$root" --create --sort=name --mtime='@0' --owner=0 --group=0 --numeric-owner \
  --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime .
