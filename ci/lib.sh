# Functions that the scripts beside it share. A script that sources it runs in the repository's root. Its exit status is 0
# after a pass, 77 if this machine cannot check all of its claim, and another after a failure.
#
# Most programs that the machine lacks are unpacked from packages of Debian into $tools, without root. `need` alone installs
# packages, as root.
# shellcheck shell=bash
set -euo pipefail
# Text is UTF-8, and sorted alike, on machines that say nothing of it too.
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
mkdir -p "$CARGO_TARGET_DIR/ci"
CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)
tools=$CARGO_TARGET_DIR/ci
host=$(rustc -vV | sed -n 's/^host: //p')

source ci/need.sh

# Says that a part of the claim is not checked on this machine, and why: skip_part REASON
skip_part() {
    printf '\n*** NOT CHECKED by %s: %s\n\n' "${0##*/}" "$*" >&2
}

# Says so and ends the script: skip REASON
skip() {
    skip_part "$@"
    exit 77
}

# Architectures of the packages that a script needs, if others than the system's (ci/foreign sets it).
architectures=

# apt with lists of its own, for these architectures: apt get|cache ARGUMENT...
apt() {
    local tool=apt-$1 options=(-q -o "Dir::State=$tools/apt/state" -o "Dir::Cache=$tools/apt/cache")
    local name
    for name in $architectures; do options+=(-o "APT::Architectures::=$name"); done
    options+=(-o Dir::State::status=/var/lib/dpkg/status -o "APT::Sandbox::User=$(id -un)")
    "$tool" "${options[@]}" "${@:2}"
}

# Fetches the lists of packages.
apt_update() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return
    mkdir -p "$tools"/apt/{state/lists/partial,cache/archives/partial}
    # A list that cannot be fetched may not be needed: `unpack` fails if it is.
    apt get update >/dev/null || true
}

# Unpacks packages into a folder, all or none: unpack FOLDER PACKAGE...
unpack() {
    local folder=$1 part=$1.part package
    [[ ! -d $folder ]] || return 0
    rm -rf "$part"
    mkdir -p "$part/packages"
    (cd "$part/packages" && apt get download "${@:2}") || return
    for package in "$part"/packages/*.deb; do dpkg -x "$package" "$part" || return; done
    rm -r "$part/packages"
    mv "$part" "$folder"
}

# Prints the folders of the shared libraries that were unpacked, as LD_LIBRARY_PATH has them: libraries_in FOLDER
libraries_in() {
    local folders=("$1"/{usr/,}lib/*-linux-gnu)
    (IFS=: && echo "${folders[*]}")
}

# Prints what has to be unpacked for a package: itself, even if it is installed, and each package that it depends on and that is
# not installed: needed_for PACKAGE
needed_for() {
    local name
    apt cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
        grep '^[a-z]' | sort -u | while read -r name; do
        [[ $name != "$1" && $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
    done
}

# Prints a compiler's path, for RUSTC, after unpacking it: debian_rustc FOLDER VERSION [PACKAGE...], with a version such
# as 1.85 and packages that go with it. `rustc-web` is a newer compiler than Debian's own, which Debian keeps for browsers.
debian_rustc() {
    local folder=$1 version=$2 library=libstd-rust-web-$2 llvm packages
    if [[ ! -x $folder/rustc ]]; then
        apt_update || return
        llvm=$(apt cache show "$library" | grep -o 'libllvm[0-9]*' | sort -u | tail -1) || return
        packages=$(needed_for "$llvm") || return
        # The names are split into words.
        # shellcheck disable=SC2086
        unpack "$folder" "rustc-web=$version.*" "$library=$version.*" "libstd-rust-web-dev=$version.*" \
            $packages "${@:3}" >&2 || return
        cat >"$folder/rustc" <<END
#!/bin/sh
LD_LIBRARY_PATH='$(libraries_in "$folder")' exec '$folder/usr/bin/rustc' --sysroot '$folder/usr' "\$@"
END
        chmod +x "$folder/rustc"
    fi
    "$folder/rustc" -V >/dev/null && echo "$folder/rustc"
}

# Finds LLVM's tools that read what rustc writes: those of rustup's llvm-tools, or Debian's.
find_llvm() {
    local version folder packages
    llvm_bin=$(rustc --print sysroot)/lib/rustlib/$host/bin
    llvm_lib=
    if [[ ! -x $llvm_bin/llvm-cov ]]; then
        version=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
        folder=$tools/llvm-$version
        if [[ ! -d $folder ]]; then
            apt_update && packages=$(needed_for "llvm-$version") || return
            # The names are split into words.
            # shellcheck disable=SC2086
            unpack "$folder" $packages || return
        fi
        llvm_bin=$folder/usr/lib/llvm-$version/bin
        llvm_lib=$(libraries_in "$folder")
    fi
    llvm cov --version >/dev/null
}

# Runs one of LLVM's tools: llvm TOOL ARGUMENT..., such as llvm cov
llvm() {
    LD_LIBRARY_PATH=$llvm_lib "$llvm_bin/llvm-$1" "${@:2}"
}

# Finds Rust's own libraries for other targets than this machine, or ends the script: find_core TARGET...
#
# If rustup has installed them, `core` and `core_and_alloc` are empty. Else they are the options with which cargo compiles the
# libraries from Debian's sources; RUSTC is then a rustc of Debian, and CARGO_TARGET_DIR another folder, for its libraries alone.
find_core() {
    local target version is_installed=1
    core=() core_and_alloc=()
    for target; do
        compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libcore-*" >/dev/null || is_installed=
    done
    [[ -z $is_installed ]] || return 0
    apt_update || skip "neither rustup's targets nor Debian's packages are here"
    version=$(apt cache show rust-web-src | sed -n 's/^Version: \([0-9]*\.[0-9]*\).*/\1/p' | sort -V | tail -1)
    RUSTC=$(debian_rustc "$tools/rust-with-source-$version" "$version" "rust-web-src=$version.*") ||
        skip "Debian's rustc and its sources cannot be had"
    export RUSTC RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$tools/other-targets
    core=(-Zbuild-std=core) core_and_alloc=(-Zbuild-std=core,alloc)
}

# Sets `linker` to rustup's linker for other targets, without which Debian's rustc comes. If the rustc in PATH is not rustup's, ends
# the script: find_linker CLAIM, such as that a program runs
find_linker() {
    linker=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
    [[ -x $linker ]] || skip "$1, since there is no rust-lld of rustup's"
}
