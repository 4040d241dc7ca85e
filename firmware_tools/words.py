"""What a technician reads for each error: what happened, and the one thing to do next.

The only place where the bench turns a code into sentences. Knows no command.
"""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kscoin.errors import KSCoinError
from offline_queue.errors import LedgerRefused


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, and what to do about it."""

    what: str
    next_step: str


_AGAIN: Final = "Then run the same command again."

# Codes of errors, and the reasons that the ledger gives when it refuses.
_BY_CODE: Final[dict[str, Sentence]] = {
    # What the ledger says of a code.
    "unknown_code": Sentence(
        "The ledger knows no such code.",
        "Compare it with the slip, letter by letter; or ask the operator for a new one.",
    ),
    "code_used": Sentence(
        "Another terminal has used this code.",
        "Ask the operator for a new code, and whether that other terminal is yours.",
    ),
    "code_expired": Sentence(
        "The code has expired; it was not used.", "Ask the operator for a new code."
    ),
    # The line to the ledger.
    "ledger_unreachable": Sentence(
        "The ledger does not answer.",
        f"See that the address is right and that this machine has a network. {_AGAIN}",
    ),
    "ledger_failing": Sentence(
        "The ledger answers that it is itself in trouble.", f"Wait a few minutes. {_AGAIN}"
    ),
    "ledger_behind": Sentence(
        "The ledger was restored from a backup, and lacks what came before this.",
        "Start the till while there is a line: it sends all of it again.",
    ),
    "ledger_refused": Sentence(
        "The ledger refuses.", "Ask the operator; the details say what the ledger gave as reason."
    ),
    "ledger_garbled": Sentence(
        "What answers at this address does not speak as a ledger does.",
        f"See that the address is the ledger's and that no sign-in page is in between. {_AGAIN}",
    ),
    "encoding": Sentence(
        "The ledger's answer cannot be read.",
        f"See that the address is right and that this program is up to date. {_AGAIN}",
    ),
    # Who the ledger is.
    "root_not_listed": Sentence(
        "The ledger at this address is not the one whose fingerprint you gave.",
        "Stop: compare address and fingerprint with the operator's. No code was sent.",
    ),
    "verification": Sentence(
        "The ledger's answer does not hold: it was altered, or is not all of one ledger.",
        "Stop, and tell the operator. Nothing of it was kept.",
    ),
    "expired": Sentence(
        "By this machine's clock the ledger's answer is not valid.",
        f"Set the clock, with timedatectl for example. {_AGAIN}",
    ),
    # The directory.
    "already_enrolled": Sentence(
        "This directory holds a terminal already.",
        "Name another directory; or give --replace, which asks for a word.",
    ),
    "not_a_terminal": Sentence(
        "This directory holds something else than a terminal.",
        "Name another directory: what is in this one is left alone.",
    ),
    "place_unusable": Sentence(
        "The terminal's directory cannot be made, read or written.",
        f"Be the user that the till will run as, in a place of that user's. {_AGAIN}",
    ),
    "enrolment_damaged": Sentence(
        "What an enrolment that was cut off left behind does not fit together.",
        "Remove what the details name, and enrol with a new code.",
    ),
    "recording_unusable": Sentence(
        "The recording cannot be written or read.", "Name another file; see the details."
    ),
    "not_confirmed": Sentence(
        "It was not confirmed; nothing was done.", "Run the command again when you are sure."
    ),
    "disk_full": Sentence("The disk is full.", f"Make room. {_AGAIN}"),
    "disk_failed": Sentence(
        "The disk does not read or write.", "See that it is mounted and writable; or replace it."
    ),
    "till_running": Sentence("The till of this terminal is running.", f"Stop it. {_AGAIN}"),
    "identity_invalid": Sentence(
        "Certificate, trust list and key of this terminal do not fit together.",
        "Put back the file that the details name; or enrol with a new code and --replace.",
    ),
    # The journal and its second copy.
    "no_journal": Sentence(
        "There is no journal: this till was never started.", "Start the till once."
    ),
    "journal_locked": Sentence("The till of this terminal is running.", f"Stop it. {_AGAIN}"),
    "journal_damaged": Sentence(
        "The journal is damaged; what is whole in it can be had.",
        "Leave it as it is, and see what a rescue would do: ks-field rescue --dry-run",
    ),
    "journal_behind": Sentence(
        "The journal ends before what it is known to have held: the disk has lost entries.",
        "Sell no more on this disk. ks-field rescue, with the second copy if there is one.",
    ),
    "journal_too_new": Sentence(
        "A later version of this program has written the journal.", "Update this program."
    ),
    "wrong_terminal": Sentence(
        "The journal is another terminal's.", "See which directory each of the two belongs to."
    ),
    "mirror_missing": Sentence(
        "The second copy's medium is not there, or does not work.",
        "Plug it in and see that it is mounted; a new one is filled by itself.",
    ),
    "mirror_full": Sentence(
        "The second copy's medium is full.", "Take a larger one: it is filled by itself."
    ),
    "mirror_differs": Sentence(
        "The second copy is damaged, or of another history than the journal.",
        "Keep it for a rescue, and put in an empty medium: it is filled by itself.",
    ),
    "queue_stopped": Sentence("The queue has been stopped.", "Run the command again."),
    "queue": Sentence(
        "The terminal in this directory cannot be used.", "See the details; nothing was changed."
    ),
    # The key.
    "key_not_found": Sentence("The terminal's key file is gone.", "Enrol with a new code."),
    "key_exists": Sentence("There is a key file already.", "Leave it alone; see the details."),
    "wrong_pass_phrase": Sentence(
        "The key file does not open with this pass phrase.",
        "Give the pass phrase that it was made with.",
    ),
    "key_damaged": Sentence("The key file is damaged.", "Enrol with a new code."),
    "key_exposed": Sentence(
        "Other users of this machine can read the key file.",
        "Make it this user's alone (chmod 600, chown), and think who may have read it.",
    ),
    "no_token_uri": Sentence(
        "The token's name makes no sense.", "Write pkcs11:token=LABEL?module-path=FILE."
    ),
    "token_unavailable": Sentence(
        "The token that holds the key is not there.", "Plug it in, and look at the module's path."
    ),
    "token_locked": Sentence(
        "The token's PIN has been tried too often.",
        "Have its security officer set a new one.",
    ),
    "key_store": Sentence("The terminal's key cannot be used.", "See the details."),
    # Devices.
    "device_not_found": Sentence("It is not plugged in.", "Plug it in."),
    "device_busy": Sentence("Another program holds it.", "Stop the till, or whatever it is."),
    "device_forbidden": Sentence("This user may not open it.", "Give this user access to it."),
    "device_gone": Sentence("It went away.", "Plug it in again; try another cable or port."),
    "device_hung": Sentence(
        "It does not answer: a call to it does not come back.",
        "Unplug it, and plug it in again; a card reader too: sudo systemctl restart pcscd",
    ),
    "service_down": Sentence(
        "The card service (pcscd) does not answer.",
        "Start it: sudo systemctl start pcscd.socket",
    ),
    "sound_unavailable": Sentence(
        "No sound can be played.", "Install alsa-utils, and plug a speaker in."
    ),
    "device_unavailable": Sentence("It cannot be opened.", "Unplug it, and plug it in again."),
    "worker_fault": Sentence("Its driver has a fault.", "Tell us, with the details."),
    # Printers.
    "printer": Sentence("It cannot print.", "Switch it off and on again; see the details."),
    "printer_out_of_paper": Sentence(
        "It is out of paper.", "Put in a new roll, thermal side as the label in it shows."
    ),
    "printer_cover_open": Sentence(
        "Its cover is open.", "Close the cover until it clicks on both sides."
    ),
    "printer_offline": Sentence(
        "It is off, or not ready.",
        "Switch it on; see that its light does not blink, and its cable.",
    ),
    "printer_cutter_stuck": Sentence(
        "Paper is jammed in its cutter.",
        "Switch it off, open it, and free the knife as its manual says.",
    ),
    "printer_too_hot": Sentence(
        "Its head is too hot.", "Wait a minute; shade it, and print less black."
    ),
    "printer_broken": Sentence(
        "It reports a fault.", "Switch it off and on again; if it stays, it needs service."
    ),
    "print_unconfirmed": Sentence(
        "It did not say that it has printed all of it.",
        "Look at the paper; see the cable, and the rate of a serial line.",
    ),
    "print_not_recorded": Sentence(
        "It could not be recorded, so nothing was printed.",
        "See how the journal and its disk are: ks-field doctor",
    ),
    "slip_too_wide": Sentence(
        "Something does not fit on the paper; nothing was printed.",
        "Use 80 mm paper; see the details.",
    ),
    "logo_unreadable": Sentence(
        "The logo is no picture that can be used; nothing was printed.",
        "Take a PNG file of at most 4 million pixels.",
    ),
    "printer_font_missing": Sentence(
        "There is no font with Hangul.", "sudo apt install fonts-nanum"
    ),
    # Cards.
    "card": Sentence("The card cannot be used.", "Try another card."),
    "card_removed": Sentence("The card left too early.", "Leave the card on the reader."),
    "card_mute": Sentence("The card does not answer.", "Lay the card on the reader again."),
    "several_cards": Sentence("There are several cards.", "Leave one card only."),
    "foreign_card": Sentence("The card is no purse.", "Try a purse card."),
    "no_purse_on_card": Sentence("The card has no purse on it.", "Try a purse card."),
    "unknown_card_version": Sentence("The purse is of a newer kind.", "Update this program."),
    "card_garbled": Sentence("The purse answers nonsense.", "Try another card."),
}


def access_to(device: Path) -> Sentence:
    """Return how this user gets access to a device file: by joining the group that has it."""
    try:
        group = grp.getgrgid(device.stat().st_gid).gr_name
    except (OSError, KeyError):
        return _BY_CODE["device_forbidden"]
    user = pwd.getpwuid(os.geteuid()).pw_name
    step = f"sudo usermod --append --groups {group} {user}, then sign in again."
    return Sentence("This user may not open it.", step)


def sentence(error: KSCoinError) -> Sentence:
    """Return what to tell a technician about `error`."""
    if isinstance(error, LedgerRefused) and error.reason in _BY_CODE:
        return _BY_CODE[error.reason]
    for kind in type(error).__mro__:
        if (code := getattr(kind, "code", None)) in _BY_CODE:
            return _BY_CODE[code]
    return Sentence("It did not work.", "Tell us, with the details.")
