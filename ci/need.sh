# A function of its own, for scripts that root runs without cargo. lib.sh has it too.
# shellcheck shell=bash

# Installs the packages of Debian whose commands the machine lacks, without starting any service. Ends the script, and says
# which they are, if that needs another user or this is no Debian: need COMMAND=PACKAGE...
need() {
    local pair packages=() policy=
    for pair; do
        command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
    done
    ((${#packages[@]})) || return 0
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        printf '%s needs what is not installed: on Debian, sudo apt-get install %s\n' "$0" "${packages[*]}" >&2
        exit 1
    fi
    # The lists of a fresh machine are empty or old.
    apt-get update -q
    # 101 tells the packages' scripts not to start services. A policy that the machine has already is left as it is.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        policy=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}" ||
        { rm -f $policy; exit 1; }
    rm -f $policy
}
