#!/bin/sh
# Installs what is missing, and nothing that is there: Debian packages, then the Python libraries
# into .venv. Run by `make setup`, as root or by somebody who may use sudo. A second run is quick.
set -eu
cd "$(dirname "$0")/.."

list=setup/debian-packages.txt
[ -r /etc/os-release ] && . /etc/os-release
[ "${ID:-debian}" = ubuntu ] && list=setup/ubuntu-packages.txt

missing=
for package in $(grep -v '^#' "$list"); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "please run this as root: apt-get install$missing" >&2; exit 2; }
        as_root=sudo
    fi
    echo "installing:$missing"
    # The demo and the tests start servers of their own: the packages must not start any here. A
    # policy that the machine has already is left alone.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap '$as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
    fi
    $as_root apt-get update -q
    # Nor is a database cluster of the machine's own wanted: said before postgresql could make one.
    if ! dpkg-query -W -f '${Status}' postgresql-common 2>/dev/null | grep -q '^install ok installed'; then
        $as_root mkdir -p /etc/postgresql-common/createcluster.d
        printf 'create_main_cluster = false\n' |
            $as_root tee /etc/postgresql-common/createcluster.d/printgate.conf >/dev/null
    fi
    # shellcheck disable=SC2086  # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

stamp=.venv/installed
wanted=$(cat requirements.txt requirements-dev.txt | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    echo "installing the Python libraries into .venv"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
    printf '%s\n' "$wanted" >"$stamp"
fi
