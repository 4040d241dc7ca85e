#!/usr/bin/env bash
# Make this machine a till that starts with its power switch, alone on the screen.
#
#     deploy/kiosk.sh [--reader-lights]
#
# As root, from a checkout that stays where it is, /opt for example. Doing it again is harmless. The
# terminal's keys and journal are in /var/lib/ks-pos.
#
# --reader-lights lets the till light and sound card readers: deploy/reader-lights.sh says what that
# allows, and takes it back. Without it, that stays as it is.

set -Eeuo pipefail
cd "$(dirname "$0")/.."

readonly USER_NAME=ks-pos
readonly STATE=/var/lib/ks-pos
# The console and its touch panel, serial scanners, printers, and the speaker.
readonly GROUPS_NEEDED=video,render,input,dialout,lp,audio
# A compositor that shows one program and nothing else, and what Kivy's wheel speaks: X11. A voice,
# for shops that switch it on.
readonly KIOSK_PACKAGES=(cage xwayland espeak-ng)

main() {
    [ $# -eq 0 ] || [ "$*" = --reader-lights ] || fail "Only --reader-lights may be asked for."
    [ "$(id -u)" -eq 0 ] || fail "Run this as root."
    deploy/setup.sh run
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
        "${KIOSK_PACKAGES[@]}" >>build/setup.log 2>&1 || fail "No cage: see build/setup.log."
    make_user
    install -D --mode 644 deploy/udev/70-ks-pos.rules /etc/udev/rules.d/70-ks-pos.rules
    install -D --mode 644 deploy/modprobe/ks-pos.conf /etc/modprobe.d/ks-pos.conf
    if [ $# -gt 0 ]; then
        deploy/reader-lights.sh allow
    else
        echo "Readers' lights and buzzers: deploy/reader-lights.sh allow lets the till use them."
    fi
    install_service
    echo "The till starts with the machine. Enrol it first, with the code from the merchant's page:"
    echo "    runuser -u $USER_NAME -- $PWD/.venv/bin/ks-field enrol CODE --ledger URL" \
        "--terminal $STATE/terminal"
}

make_user() {
    id "$USER_NAME" >/dev/null 2>&1 ||
        useradd --system --create-home --home-dir "$STATE" --shell /usr/sbin/nologin "$USER_NAME"
    usermod --append --groups "$GROUPS_NEEDED" "$USER_NAME"
    chmod 700 "$STATE"
    runuser -u "$USER_NAME" -- test -x .venv/bin/ks-pos ||
        fail "The user $USER_NAME cannot reach $PWD: move the checkout to /opt."
}

install_service() {
    sed "s|@ROOT@|$PWD|g" deploy/systemd/ks-pos.service >/etc/systemd/system/ks-pos.service
    systemctl enable --quiet ks-pos.service pcscd.socket
    systemctl set-default --quiet graphical.target
    # Only where systemd runs: an image is also made in a chroot.
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        udevadm control --reload
        udevadm trigger --subsystem-match=usb --subsystem-match=tty
    fi
}

fail() {
    echo "$1" >&2
    exit 1
}

main "$@"
