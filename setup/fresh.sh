#!/bin/bash
# Proves the two commands of the README on a fresh Debian 12: a minimal system in a folder, a clone
# of this checkout in it, `make demo EXIT=1` and `make test` with Debian's own Python. The mirror,
# certificates and the configuration of pip are those of this machine. Needs root and debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
root=${FRESH:-/var/tmp/printgate-fresh}

if [ "${1:-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || { echo "make fresh needs root" >&2; exit 2; }
    command -v debootstrap >/dev/null || apt-get install -y -q --no-install-recommends debootstrap
    # Namespaces of its own: whatever is mounted or started goes when this ends, however it ends.
    exec unshare --mount --pid --fork --kill-child "$0" inside
fi

mount --make-rprivate /
started=$SECONDS
tell() { echo "== $1 ($((SECONDS - started)) s)"; }
cleanup() { [ -n "${KEEP:-}" ] || { umount -R "$root/proc" "$root/dev" 2>/dev/null || true; rm -rf --one-file-system "$root"; }; }
trap cleanup EXIT

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | grep -v security | sort -u | head -n 1)
mirror=${mirror:-$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)}
rm -rf --one-file-system "$root"
mkdir -p "$root"
tell "debootstrap"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail "$root.log"; exit 1; }
chmod 755 "$root"

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
# What this machine needs to reach its registries: certificates, apt's and pip's own configuration.
cp -r /etc/ssl/certs /usr/local/share/ca-certificates "$root/tmp/" 2>/dev/null || true
cp -a /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
for path in /etc/apt/apt.conf.d/*proxy* /etc/apt/auth.conf.d /etc/pip.conf /etc/xdg/pip; do
    [ -e "$path" ] && mkdir -p "$root$(dirname "$path")" && cp -r "$path" "$root$path"
done
for index in $(env | sed -n 's/^PIP_FIND_LINKS=//p') $(grep -rhoE 'file:///[^ ]+|/opt/[^ ]+' /etc/pip.conf /etc/xdg/pip 2>/dev/null | sed 's,^file://,,'); do
    [ -e "$index" ] && [ ! -e "$root$index" ] && mkdir -p "$root$(dirname "$index")" && cp -r "$index" "$root$index"
done
environment=$(env | grep -E '^(PIP_|http_proxy|https_proxy|no_proxy|HTTP_PROXY|HTTPS_PROXY|NO_PROXY|SSL_CERT_FILE)' | tr '\n' ' ')
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CI=true $environment "$@" </dev/null; }

tell "apt-get install git make"
inside apt-get update -q >/dev/null
inside apt-get install -y -q --no-install-recommends git make >/dev/null
git clone -q "$here" "$root/srv/printgate"
tell "make demo EXIT=1"
inside make -C /srv/printgate demo EXIT=1
tell "make test"
inside make -C /srv/printgate test
tell "both commands work on a fresh Debian"
