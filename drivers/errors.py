"""What can go wrong with hardware: each error names the device, the money and one next step.

    KSCoinError
    └── DriverError
        ├── DeviceUnavailable       the device is not there for us; its worker keeps trying
        │   ├── DeviceNotFound      nothing of that name is plugged in
        │   ├── DeviceBusy          another program holds it
        │   ├── DeviceForbidden     the system does not let us open it
        │   ├── DeviceGone          it was open and went away
        │   ├── DeviceHung          a call to it does not come back
        │   ├── ServiceDown         the daemon that owns it (pcscd) does not answer
        │   └── SoundUnavailable    no sound can be played or spoken; never an error of a sale
        ├── WorkerFault             a mistake of ours ended a device's worker; it starts again
        ├── CardError               the reader is well, the card is not
        │   ├── CardRemoved         it left before it had answered
        │   ├── CardMute            it is there and does not answer, or the line to it garbles
        │   ├── SeveralCards        there are two at once, and nobody can tell which is to pay
        │   ├── ForeignCard         it does not speak as a purse does (a transit or memory card)
        │   ├── NoPurseOnCard       a smart card without the purse applet
        │   ├── UnknownCardVersion  a purse of a KSP version that this till does not know
        │   ├── CardGarbled         it answered bytes that are not KSP/1
        │   ├── DebitTorn           DEBIT was sent and its answer is missing: money may have moved
        │   └── CardRefused         it said no by a status word, and moved nothing
        │       ├── NotPersonalised     the applet has no purse in it
        │       ├── CreditExceeded      the payment is more than the card has left
        │       ├── NoSuchDebit         it has never paid, or its last debit is for another request
        │       └── CertificateRefused  LOAD was shown a certificate that it does not take
        ├── PrinterError            the printer is there and cannot print, or may not have printed
        │   ├── PrinterOutOfPaper   the roll has come to its end
        │   ├── PrinterCoverOpen    its cover stands open
        │   ├── PrinterOffline      it is switched off, or says that it is not ready
        │   ├── PrinterCutterStuck  the knife does not move
        │   ├── PrinterTooHot       its head has to cool down; it goes on by itself
        │   ├── PrinterBroken       it says that it has a fault that it cannot mend
        │   ├── PrintUnconfirmed    everything was sent, and the printer did not say that it is done
        │   ├── PrintNotRecorded    that it begins could not be written down, so it did not begin
        │   ├── SlipTooWide         something on the slip does not fit on the paper
        │   ├── LogoUnreadable      the shop's picture is no picture
        │   └── PrinterFontMissing  there is no font with Hangul on this machine
        └── KeyStoreError           the terminal's key cannot be used
            ├── KeyNotFound         there is no key file, or not the key that it names
            ├── KeyExists           there is one already, and it is not overwritten
            ├── WrongPassPhrase     the file is whole and does not open
            ├── KeyDamaged          the file is not what was written
            ├── KeyExposed          others may read the key
            ├── NoTokenUri          what should name a key on a token does not
            ├── TokenUnavailable    the token that holds the key is not there
            └── TokenLocked         the token's PIN has been tried too often

A foreign exception (pyscard, pyserial, the operating system) is translated in the one file that
imports its library. Only `DebitTorn` leaves it open whether money has moved.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Self

from kscoin.errors import KSCoinError


class NextStep(StrEnum):
    """The one thing to do about an error; screens and command lines turn it into a sentence."""

    WAIT = "wait"
    PLUG_IN = "plug_in"
    PLUG_IN_AGAIN = "plug_in_again"
    CLOSE_OTHER_PROGRAM = "close_other_program"
    ALLOW_ACCESS = "allow_access"
    START_SERVICE = "start_service"
    HOLD_CARD_AGAIN = "hold_card_again"
    HOLD_SAME_CARD_AGAIN = "hold_same_card_again"
    HOLD_ONE_CARD = "hold_one_card"
    TAKE_OTHER_TENDER = "take_other_tender"
    LOAD_PURSE = "load_purse"
    UPDATE_TILL = "update_till"
    ENTER_PASS_PHRASE = "enter_pass_phrase"
    ENROL_AGAIN = "enrol_again"
    KEEP_EXISTING_KEY = "keep_existing_key"
    RESTRICT_FILE_MODE = "restrict_file_mode"
    UNLOCK_TOKEN = "unlock_token"
    LOAD_PAPER = "load_paper"
    CLOSE_COVER = "close_cover"
    SWITCH_PRINTER_ON = "switch_printer_on"
    FREE_CUTTER = "free_cutter"
    RESTART_PRINTER = "restart_printer"
    LOOK_AT_SLIP = "look_at_slip"
    USE_WIDER_PAPER = "use_wider_paper"
    CHANGE_LOGO = "change_logo"
    INSTALL_FONT = "install_font"
    CALL_SUPPORT = "call_support"


class DriverError(KSCoinError):
    """Raised for anything that hardware does to us; `device` is its name as people know it."""

    code = "driver"
    money_may_have_moved: ClassVar[bool] = False
    next_step: ClassVar[NextStep] = NextStep.CALL_SUPPORT

    def __init__(self, device: str, message: str, **context: object) -> None:
        super().__init__(f"{device}: {message}", **context)
        self.device = device


class DeviceUnavailable(DriverError):
    """Raised when a device cannot be used now; its worker tries again, the caller need not."""

    code = "device_unavailable"
    is_retryable = True
    next_step = NextStep.WAIT


class DeviceNotFound(DeviceUnavailable):
    """Raised when nothing of that name is plugged in."""

    code = "device_not_found"
    next_step = NextStep.PLUG_IN


class DeviceBusy(DeviceUnavailable):
    """Raised when another program holds the device."""

    code = "device_busy"
    next_step = NextStep.CLOSE_OTHER_PROGRAM


class DeviceForbidden(DeviceUnavailable):
    """Raised when the operating system does not let us open the device (group, udev rule)."""

    code = "device_forbidden"
    next_step = NextStep.ALLOW_ACCESS


class DeviceGone(DeviceUnavailable):
    """Raised when an open device went away: unplugged, reset, or its line broke."""

    code = "device_gone"
    next_step = NextStep.PLUG_IN


class DeviceHung(DeviceUnavailable):
    """Raised, or told of a worker that cannot raise it, when a device does not come back at all.

    It speaks of the device only: what a card's session has left open is told by its own errors,
    or by the till, which waits for no answer for ever.
    """

    code = "device_hung"
    next_step = NextStep.PLUG_IN_AGAIN


class ServiceDown(DeviceUnavailable):
    """Raised when pcscd does not answer; it is back by itself once the service runs."""

    code = "service_down"
    next_step = NextStep.START_SERVICE


class SoundUnavailable(DeviceUnavailable):
    """Raised when a sound cannot be played or a sentence not be spoken; the till is silent then."""

    code = "sound_unavailable"


class WorkerFault(DriverError):
    """Reported when a device's worker ended by an exception that no driver foresaw (a mistake).

    The exception is its `__cause__`; the worker starts again.
    """

    code = "worker_fault"
    is_retryable = True

    @classmethod
    def of(cls, device: str, cause: Exception) -> Self:
        """Return the fault of a worker that this exception has ended."""
        fault = cls(device, f"a fault of the driver: {type(cause).__name__}")
        fault.__cause__ = cause
        return fault


class CardError(DriverError):
    """Raised when the reader is well and the card is not; no money has moved."""

    code = "card"
    next_step = NextStep.HOLD_CARD_AGAIN


class CardRemoved(CardError):
    """Raised when the card left the reader before it had answered."""

    code = "card_removed"
    is_retryable = True


class CardMute(CardError):
    """Raised when the card is there and does not answer, or its answer is garbled on the way."""

    code = "card_mute"
    is_retryable = True


class SeveralCards(CardError):
    """Raised when cards are at two readers at once: none is asked, for nobody says which pays."""

    code = "several_cards"
    is_retryable = True
    next_step = NextStep.HOLD_ONE_CARD


class ForeignCard(CardError):
    """Raised for a card that does not speak as a purse does: a transit, bank or memory card."""

    code = "foreign_card"
    next_step = NextStep.TAKE_OTHER_TENDER


class NoPurseOnCard(CardError):
    """Raised for a smart card that says that it has no purse applet (6A82)."""

    code = "no_purse_on_card"
    next_step = NextStep.TAKE_OTHER_TENDER


class UnknownCardVersion(CardError):
    """Raised for a purse of a version of KSP that this till does not know."""

    code = "unknown_card_version"
    next_step = NextStep.UPDATE_TILL


class CardGarbled(CardError):
    """Raised when a purse answers success with bytes that KSP/1 section 7 does not allow."""

    code = "card_garbled"
    next_step = NextStep.TAKE_OTHER_TENDER


class DebitTorn(CardError):
    """Raised when DEBIT was sent and its answer is missing: the money may or may not have moved.

    The caller holds the same card again (KSP/1 section 7) or journals a torn tap. The reason
    is the `__cause__`.
    """

    code = "debit_torn"
    is_retryable = True
    money_may_have_moved = True
    next_step = NextStep.HOLD_SAME_CARD_AGAIN


class CardRefused(CardError):
    """Raised when the card says no by a status word, which is in `status`; it moved nothing."""

    code = "card_refused"
    next_step = NextStep.TAKE_OTHER_TENDER

    def __init__(self, device: str, message: str, status: int) -> None:
        super().__init__(device, f"{message} ({status:04X})", status=status)
        self.status = status


class NotPersonalised(CardRefused):
    """Raised for a card whose applet has no purse in it yet (6982)."""

    code = "card_not_personalised"


class CreditExceeded(CardRefused):
    """Raised when the card has less left than the payment (6985)."""

    code = "card_credit_exceeded"
    next_step = NextStep.LOAD_PURSE


class NoSuchDebit(CardRefused):
    """Raised when the card has never paid, or not last for the request that is confirmed (6A88)."""

    code = "card_no_such_debit"


class CertificateRefused(CardRefused):
    """Raised when a card does not take the certificate that it is loaded with (6984)."""

    code = "card_certificate_refused"


class PrinterError(DriverError):
    """Raised when a printer is there and something keeps it from printing; no money has moved."""

    code = "printer"
    is_retryable = True
    next_step = NextStep.RESTART_PRINTER


class PrinterOutOfPaper(PrinterError):
    """Raised when the roll has come to its end; what waits is printed once there is a new one."""

    code = "printer_out_of_paper"
    next_step = NextStep.LOAD_PAPER


class PrinterCoverOpen(PrinterError):
    """Raised while the printer's cover stands open."""

    code = "printer_cover_open"
    next_step = NextStep.CLOSE_COVER


class PrinterOffline(PrinterError):
    """Raised when the printer says that it is not ready, or says nothing although it can."""

    code = "printer_offline"
    next_step = NextStep.SWITCH_PRINTER_ON


class PrinterCutterStuck(PrinterError):
    """Raised when the knife does not move: paper is jammed in it."""

    code = "printer_cutter_stuck"
    next_step = NextStep.FREE_CUTTER


class PrinterTooHot(PrinterError):
    """Raised when the printer waits for its head to cool down, which it does by itself."""

    code = "printer_too_hot"
    next_step = NextStep.WAIT


class PrinterBroken(PrinterError):
    """Raised when the printer reports a fault from which it does not recover by itself."""

    code = "printer_broken"


class PrintUnconfirmed(PrinterError):
    """Reported when a slip was sent and the printer did not say that it has printed all of it.

    A person looks at the paper; what is printed again is a copy.
    """

    code = "print_unconfirmed"
    next_step = NextStep.LOOK_AT_SLIP


class PrintNotRecorded(PrinterError):
    """Reported when it could not be written down that a slip is begun: nothing was printed.

    The reason is the `__cause__`.
    """

    code = "print_not_recorded"
    next_step = NextStep.CALL_SUPPORT


class SlipTooWide(PrinterError):
    """Raised when a code or a value has no room on the paper; nothing is printed."""

    code = "slip_too_wide"
    is_retryable = False
    next_step = NextStep.USE_WIDER_PAPER


class LogoUnreadable(PrinterError):
    """Raised when the bytes of a logo are no picture, or a monstrous one; nothing is printed."""

    code = "logo_unreadable"
    is_retryable = False
    next_step = NextStep.CHANGE_LOGO


class PrinterFontMissing(PrinterError):
    """Raised when no font with Hangul is installed; the technician installs fonts-nanum."""

    code = "printer_font_missing"
    is_retryable = False
    next_step = NextStep.INSTALL_FONT


class KeyStoreError(DriverError):
    """Raised when the terminal's key cannot be made or used; the till does not start without it."""

    code = "key_store"


class KeyNotFound(KeyStoreError):
    """Raised when there is no key file at the path, or no such key on the token it names."""

    code = "key_not_found"
    next_step = NextStep.ENROL_AGAIN


class KeyExists(KeyStoreError):
    """Raised when a new key would overwrite one: a key that is lost cannot sign its queue."""

    code = "key_exists"
    next_step = NextStep.KEEP_EXISTING_KEY


class WrongPassPhrase(KeyStoreError):
    """Raised when a key file or a token does not open with the pass phrase or PIN."""

    code = "wrong_pass_phrase"
    next_step = NextStep.ENTER_PASS_PHRASE


class KeyDamaged(KeyStoreError):
    """Raised when the key file is not what was written: cut off, altered, or another file."""

    code = "key_damaged"
    next_step = NextStep.ENROL_AGAIN


class KeyExposed(KeyStoreError):
    """Raised when others could read or replace the key: its file's mode, or its token's word."""

    code = "key_exposed"
    next_step = NextStep.RESTRICT_FILE_MODE


class NoTokenUri(KeyStoreError):
    """Raised for a text that is no PKCS#11 URI of the kind that names a terminal's key."""

    code = "no_token_uri"


class TokenUnavailable(KeyStoreError):
    """Raised when the token that holds the key is unplugged, or its module cannot be loaded."""

    code = "token_unavailable"
    is_retryable = True
    next_step = NextStep.PLUG_IN


class TokenLocked(KeyStoreError):
    """Raised when the token takes no PIN any more: its security officer has to set a new one."""

    code = "token_locked"
    next_step = NextStep.UNLOCK_TOKEN
