# Defines `need`. Scripts that do without cargo source this file alone; lib.sh sources it too.
# shellcheck shell=bash

# Installs the packages of Debian whose commands the machine lacks, without starting any service. If that needs another user
# or this is no Debian, says which packages they are and ends the script with 77: need COMMAND=PACKAGE...
need() {
    local pair packages=()
    for pair; do
        command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
    done
    ((${#packages[@]})) || return 0
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        printf '%s needs what is not installed: on Debian, sudo apt-get install %s\n' "$0" "${packages[*]}" >&2
        exit 77
    fi
    # The lists of a fresh machine are empty or old.
    apt-get update -q
    (
        # The packages' scripts ask this program whether to start services, and 101 is no. A machine that has one keeps it.
        policy=/usr/sbin/policy-rc.d
        if [[ ! -e $policy ]]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod +x "$policy"
        fi
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
    ) || exit 1
}
