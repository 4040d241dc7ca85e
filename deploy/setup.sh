#!/usr/bin/env bash
# Make a Debian 12 or Raspberry Pi OS machine ready: system packages, then a virtual environment.
#
#     deploy/setup.sh run     what the till and its demo need
#     deploy/setup.sh test    that, and what the tests need
#
# Doing it again is quick and harmless. Everything that is said goes to build/setup.log.

set -Eeuo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."

readonly LOG=build/setup.log
readonly VENV=.venv
readonly STAGES=3
readonly LOG_TAIL_LINES=15
# Where nobody sees a line being rewritten, one line in this many seconds is enough.
readonly QUIET_S=10

# make; Python, and what builds pyscard, which has no wheel for Linux; the card daemon;
# a display for machines without one; Hangul; what pyusb and Kivy's wheel load from the system; what
# plays the tones.
readonly RUN_PACKAGES=(
    make python3 python3-venv python3-dev gcc libc6-dev pkg-config swig libpcsclite-dev
    ca-certificates pcscd xvfb fonts-nanum libusb-1.0-0
    libgl1 libegl1 libgles2 libgl1-mesa-dri libmtdev1
    alsa-utils
)
# A reader for virtual cards, never on a shop's terminal: whoever reaches its port is a card.
# What a disk in user space needs: the tests pull its plug. A PKCS#11 token in software. A voice.
readonly TEST_PACKAGES=(vsmartcard-vpcd fuse3 softhsm2 espeak-ng)

profile=${1:-}
last_shown_s=-$QUIET_S

main() {
    case $profile in
        run) packages=("${RUN_PACKAGES[@]}") extras=ledger ;;
        test) packages=("${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}") extras=ledger,tools,test ;;
        *) echo "usage: deploy/setup.sh run|test" >&2; exit 2 ;;
    esac
    mkdir -p build
    exec 9>build/setup.lock
    flock 9
    : >"$LOG"
    install_system_packages
    make_virtual_environment
    install_python_packages
    touch "$VENV/.ready-run" "$VENV/.ready-$profile"
}

install_system_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then
        stage 1 "system packages are there"
        return
    fi
    stage 1 "installing ${#missing[@]} system packages: ${missing[*]}"
    command -v apt-get >/dev/null || fail "This is no Debian: install the packages above by hand."
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || fail "Run this as root, or install sudo."
    # A third party's list that cannot be reached is no reason to stop: the installation will tell.
    apt_get update || true
    apt_get install --yes --no-install-recommends "${missing[@]}" ||
        fail "The system packages could not be installed."
}

missing_packages() {
    local installed
    installed=$(dpkg-query --show --showformat '${db:Status-Abbrev}${Package}\n' \
        "${packages[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true)
    printf '%s\n' "${packages[@]}" | grep --line-regexp --invert-match --fixed-strings \
        --file <(printf '%s\n' "${installed:-nothing}") || true
}

apt_get() {
    # A service that a package starts must not inherit, and so keep, the lock of this set-up.
    as_root apt-get -o APT::Status-Fd=1 -o DPkg::Lock::Timeout=300 "$@" 2>>"$LOG" 9>&- |
        tell_apt_progress
}

as_root() {
    local wrapper=()
    [ "$(id -u)" -eq 0 ] || wrapper=(sudo)
    "${wrapper[@]}" env DEBIAN_FRONTEND=noninteractive "$@"
}

tell_apt_progress() {
    local line kind what percent
    while IFS= read -r line; do
        IFS=: read -r kind what percent _ <<<"$line"
        case $kind in
            dlstatus) progress "downloading, ${percent%%.*} %" ;;
            pmstatus) progress "${percent%%.*} % ($what)" ;;
            *) echo "$line" >>"$LOG" ;;
        esac
    done
}

make_virtual_environment() {
    if "$VENV/bin/python" -m pip --version >>"$LOG" 2>&1; then
        stage 2 "the virtual environment is there"
        return
    fi
    local python
    python=$(newest_python) || fail "Python 3.11 or newer with its venv module is needed."
    stage 2 "making a virtual environment with $("$python" --version)"
    "$python" -m venv --clear "$VENV" >>"$LOG" 2>&1 ||
        fail "The virtual environment could not be made."
}

# The caller's own python3 first, a pyenv's for example, then the system's.
newest_python() {
    local python
    for python in "${PYTHON:-python3}" /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >>"$LOG" 2>&1; then
            echo "$python"
            return
        fi
    done
    return 1
}

install_python_packages() {
    stage 3 "installing Python packages; pyscard is built from source"
    # A small board on a slow line: pip's own 15 s give up too early.
    PIP_DEFAULT_TIMEOUT=${PIP_DEFAULT_TIMEOUT:-60} PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$VENV/bin/python" -m pip install --progress-bar off --editable ".[$extras]" 2>&1 |
        tee -a "$LOG" | tell_pip_progress ||
        fail "The Python packages could not be installed."
}

tell_pip_progress() {
    local found=0 verb what
    while read -r verb what _; do
        case $verb in
            Collecting) found=$((found + 1)) && progress "$found found ($what)" ;;
            Building) progress "$found found, building" ;;
            Installing) [ "$what" != collected ] || progress "$found found, installing" ;;
        esac
    done
}

stage() {
    end_progress
    echo "[$1/$STAGES] $2"
}

# One line that is rewritten on a terminal; elsewhere a line now and then.
progress() {
    if [ -t 1 ]; then
        printf '\r      %-60.60s' "$1"
    elif [ $((SECONDS - last_shown_s)) -ge "$QUIET_S" ]; then
        echo "      $1"
        last_shown_s=$SECONDS
    fi
}

end_progress() {
    if [ -t 1 ]; then printf '\r%-70s\r' ''; fi
}

fail() {
    end_progress
    {
        tail -n "$LOG_TAIL_LINES" "$LOG"
        echo
        echo "$1 $(reason)"
        echo "The whole log is in $LOG; run the same command again when this is mended."
    } >&2
    exit 1
}

# The two causes that people meet, in words; for others the log has to do.
reason() {
    if grep --quiet --extended-regexp \
        'resol(ve|ving|ution)|Network is unreachable|Failed to establish a new connection' "$LOG"
    then
        echo "The network cannot be reached from this machine."
    elif grep --quiet --extended-regexp 'No space left' "$LOG"; then
        echo "The disk is full."
    fi
}

main
