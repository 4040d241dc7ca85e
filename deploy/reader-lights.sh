#!/usr/bin/env bash
# Let the till light and sound card readers, or no longer.
#
#     deploy/reader-lights.sh allow      as root
#     deploy/reader-lights.sh forbid     as it was
#
# A reader's light and buzzer obey escape commands, which libccid, the driver of pcscd, forbids unless
# one bit of its configuration is set. It forbids them because they are the reader's own: any program
# that may talk to pcscd can send any of them, those that change the reader among them. On a machine
# that is a till and nothing else, that is the till. Doing it again is harmless; nothing else of the
# file is touched. LIBCCID names another file than Debian's.

set -Eeuo pipefail

readonly INSTALLED=/etc/libccid_Info.plist
readonly FILE=${LIBCCID:-$INSTALLED}
# DRIVER_OPTION_CCID_EXCHANGE_AUTHORIZED, as the file itself explains.
readonly BIT=1
# The value stands in the line below its key.
readonly KEY='<key>ifdDriverOptions</key>'

main() {
    local before after
    before=$(options)
    case "${1:-}" in
        allow) after=$((before | BIT)) ;;
        forbid) after=$((before & ~BIT)) ;;
        *) fail "Say allow or forbid." ;;
    esac
    if [ "$after" -ne "$before" ]; then
        [ -w "$FILE" ] || fail "Run this as root."
        write "$(printf '0x%04X' "$after")"
        restart_pcscd
    fi
    if [ "$1" = allow ]; then
        echo "Readers' lights and buzzers are allowed. Take it back with: deploy/reader-lights.sh forbid"
    else
        echo "Readers' lights and buzzers are forbidden, as libccid comes."
    fi
}

options() {
    [ -r "$FILE" ] || fail "$FILE is not there: libccid is not installed."
    local value
    value=$(sed -n "\|$KEY|{n;s|.*<string>\(0[xX][0-9A-Fa-f]*\)</string>.*|\1|p;q}" "$FILE")
    [ -n "$value" ] || fail "$FILE has no ifdDriverOptions that can be read; nothing was changed."
    echo $((value))
}

# Another file in its place, so that a power cut leaves the one or the other.
write() {
    cp --preserve "$FILE" "$FILE.new"
    sed -i "\|$KEY|{n;s|<string>.*</string>|<string>$1</string>|}" "$FILE.new"
    sync "$FILE.new"
    mv "$FILE.new" "$FILE"
}

# A till that runs finds its readers again by itself.
restart_pcscd() {
    if [ "$FILE" = "$INSTALLED" ] && [ -d /run/systemd/system ]; then
        systemctl try-restart pcscd.service
    fi
}

fail() {
    echo "$1" >&2
    exit 1
}

main "$@"
