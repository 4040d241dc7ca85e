"""What the till says in English to every error code: what happened, and what to do next."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pos_app.till.words import Refusal

_OTHER: Final = "Please take another tender."
_KEEP: Final = "Keep the goods and take another tender."
_CALL: Final = "Tell support."
_BY_CODE: Final = "Note the code and tell support."
_AGAIN: Final = "Please scan it again."
_TAP_AGAIN: Final = "Please tap the card again."
_ONE_CARD: Final = "Take all cards away, then hold one card only."
_BY_ITSELF: Final = "Leave it: it is sent again by itself."
_TECHNICIAN: Final = "Call the technician."
_ENROL: Final = "The technician has to enrol the terminal again."
_SYNC: Final = "Check the line, then press Sync now."
_DISPLAY: Final = "It opens again by itself. You can go on selling."

REFUSALS: Final = MappingProxyType(
    {
        # What no table knows
        "error": Refusal("That could not be done.", "Look at Unsettled, then tell support."),
        # What was read or shown
        "invalid_amount": Refusal("That is not an amount.", "Please enter the amount again."),
        "encoding": Refusal("That code cannot be read.", _AGAIN),
        "too_large": Refusal("That code is too long.", _OTHER),
        "not_canonical": Refusal("That code is not well formed.", _OTHER),
        "malformed": Refusal("Something in that code is wrong.", _AGAIN),
        "not_kscoin": Refusal("That is not a KS-Coin code.", "Scan the customer's payment code."),
        "goods_barcode": Refusal(
            "That is a barcode of goods.", "Type in its price, or scan the customer's code."
        ),
        "goods_misread": Refusal("That barcode was misread.", _AGAIN),
        "emv_merchant_code": Refusal(
            "That is a shop's code for card apps.", "Scan the customer's payment code."
        ),
        "emv_customer_code": Refusal(
            "That is a card scheme's code.", f"It takes a card terminal. {_OTHER}"
        ),
        "emv_code_broken": Refusal("That card scheme's code was misread.", _AGAIN),
        "other_wallet_code": Refusal(
            "That is another payment app's code.", "Ask for their KS-Coin code, or another tender."
        ),
        "web_link": Refusal("That is a web link.", "Scan the customer's payment code."),
        "request_shown": Refusal("That is a till's own code.", "Scan the customer's payment code."),
        "slip_shown": Refusal("That is a slip's code.", "Scan the customer's payment code."),
        "slip_interrupted": Refusal(
            "The power went during a slip.", "If it is not there, print a copy: History."
        ),
        "verification": Refusal("It could not be verified.", _OTHER),
        "bad_signature": Refusal("Its signature does not hold.", _OTHER),
        "wrong_network": Refusal("It is another network's (a test).", _OTHER),
        "untrusted_key": Refusal("Its issuer is not known here.", _OTHER),
        "expired": Refusal("It is no longer valid.", _OTHER),
        "stale_version": Refusal("The list that came is older.", _BY_ITSELF),
        "not_for_us": Refusal("It was sealed for another ledger.", _OTHER),
        "parts_differ": Refusal("Its parts do not belong together.", _OTHER),
        "broken_chain": Refusal(
            "The journal does not hang together.", f"Leave it on. {_TECHNICIAN}"
        ),
        "spending": Refusal("The purse's record does not add up.", _OTHER),
        "exceeds_credit": Refusal("There is not enough in the purse.", _OTHER),
        "overlap": Refusal("This may be a copied purse.", _KEEP),
        "not_a_proof": Refusal("That does not prove a double spend.", _CALL),
        # A payment that is not taken
        "declined": Refusal("This payment cannot be taken.", _OTHER),
        "terminal_expired": Refusal("This terminal's enrolment has ended.", _ENROL),
        "kind_not_allowed": Refusal("This terminal may not take that.", _OTHER),
        "no_such_request": Refusal("It is not for this terminal.", "Please start a new payment."),
        "request_closed": Refusal(
            "It came after that sale had ended.",
            "It is given back by itself. Do not hand over goods.",
        ),
        "wrong_request": Refusal("That code is for another payment.", "Ask for one made just now."),
        "paid_before": Refusal(
            "That was paid and kept before.", "It is not for this sale. See History."
        ),
        "request_expired": Refusal("The time to pay is over.", "Please start a new payment."),
        "already_paid": Refusal(
            "That sale is paid already, another way.", "The second payment is given back by itself."
        ),
        "wrong_purse": Refusal("Purse and certificate differ.", _OTHER),
        "wrong_amount": Refusal("The amounts differ.", "Ask for one made just now."),
        "purse_denied": Refusal("This purse was reported lost.", _OTHER),
        "already_taken": Refusal("Those won were spent before.", _KEEP),
        "over_payment_limit": Refusal(
            "Over the limit of one payment offline.", "Take less, or another tender."
        ),
        "over_purse_limit": Refusal("Over this purse's limit for a day.", _OTHER),
        "over_terminal_limit": Refusal("No room for more offline payments.", _SYNC),
        "offline_too_long": Refusal("Offline for too long.", _SYNC),
        "denylist_too_old": Refusal("The list of lost purses is too old.", _SYNC),
        "no_policy": Refusal("The limits cannot be read.", _SYNC),
        # A refund or void that is not made
        "not_given_back": Refusal("It was not given back.", "Look at the sale in the history."),
        "no_such_payment": Refusal("No payment of this terminal.", "Refund it where it was paid."),
        "not_paid_out": Refusal("The shop never got this payment.", _BY_CODE),
        "already_voided": Refusal("Already cancelled.", "Look at the sale in the history."),
        "refunded_already": Refusal("Already refunded.", "Look at the sale in the history."),
        "refund_too_large": Refusal("More than is left to refund.", "Enter another amount."),
        "void_too_late": Refusal("Sent already: too late to cancel.", "Refund it instead."),
        "no_such_day": Refusal("No day of that number.", "Open the close of day again."),
        # The journal
        "queue": Refusal("The journal cannot be used.", f"Leave it on. {_TECHNICIAN}"),
        "journal_locked": Refusal("Another program has the journal.", "Close the other till."),
        "journal_damaged": Refusal(
            "The journal is damaged.", "Leave it as it is. Have the technician run ks-field rescue."
        ),
        "journal_behind": Refusal(
            "The disk has lost entries.", f"Do not sell on this terminal. {_TECHNICIAN}"
        ),
        "mirror_missing": Refusal(
            "The second copy's stick is missing.", "Plug it in. You can go on selling."
        ),
        "mirror_full": Refusal(
            "The second copy's stick is full.", "Change it. You can go on selling."
        ),
        "mirror_differs": Refusal(
            "The stick holds another journal's copy.", "Plug in another. You can go on selling."
        ),
        "journal_too_new": Refusal(
            "The journal is of a later version.", "Start that version of the till."
        ),
        "wrong_terminal": Refusal("It is another terminal's journal.", _TECHNICIAN),
        "no_journal": Refusal("There is no journal yet.", "Please start the till."),
        "disk_full": Refusal("The disk is full.", "Remove what is not needed, then try again."),
        "disk_failed": Refusal(
            "The disk does not answer.", "Try again; if it stays, tell support."
        ),
        "queue_stopped": Refusal("The journal was closed.", "Please start the till again."),
        "identity_invalid": Refusal("This terminal's papers do not hold.", _ENROL),
        # The line to the ledger
        "ledger": Refusal("The ledger could not do it.", _BY_ITSELF),
        "ledger_unreachable": Refusal(
            "The ledger cannot be reached.", "Check the line. It is sent by itself once it is back."
        ),
        "ledger_failing": Refusal("The ledger is in trouble.", _BY_ITSELF),
        "ledger_behind": Refusal("The ledger lost what it had.", _BY_ITSELF),
        "ledger_refused": Refusal("The ledger said no.", f"Your payments are kept. {_CALL}"),
        "ledger_garbled": Refusal("The ledger's answer makes no sense.", _BY_ITSELF),
        # What is plugged in
        "driver": Refusal("A device is in trouble.", _CALL),
        "device_unavailable": Refusal("The device cannot be used.", "It reconnects by itself."),
        "device_not_found": Refusal("The device is not plugged in.", "Plug its cable in."),
        "device_busy": Refusal("Another program has the device.", "Close that program."),
        "device_forbidden": Refusal("The device may not be opened.", _TECHNICIAN),
        "device_gone": Refusal("The device went away.", "Plug its cable in again."),
        "device_hung": Refusal("The device does not answer.", "Unplug it and plug it in again."),
        "service_down": Refusal(
            "The card service has stopped.", "Wait; if it stays, tell support."
        ),
        "sound_unavailable": Refusal("No sound can be made.", "You can go on selling."),
        "display_gone": Refusal("The customer's screen has closed.", _DISPLAY),
        "display_silent": Refusal("The customer's screen hangs.", _DISPLAY),
        "display_garbled": Refusal("The customer's screen is muddled.", _DISPLAY),
        "worker_fault": Refusal("The device tripped.", "It starts again by itself."),
        # The printer
        "printer": Refusal("The printer cannot print.", "Switch it off and on again."),
        "printer_out_of_paper": Refusal(
            "The printer is out of paper.", "Put in a new roll; what waits prints by itself."
        ),
        "printer_cover_open": Refusal("The printer's cover is open.", "Close the cover."),
        "printer_offline": Refusal(
            "The printer is off or not ready.", "See to its power and its cable."
        ),
        "printer_cutter_stuck": Refusal(
            "Paper is jammed in the cutter.", "Switch the printer off and free it."
        ),
        "printer_too_hot": Refusal("The printer is cooling down.", "Wait; it prints by itself."),
        "printer_broken": Refusal(
            "The printer reports a fault.", "Switch it off and on; else call a technician."
        ),
        "print_unconfirmed": Refusal(
            "It may not have been printed.", "Look at the paper; print a copy if need be."
        ),
        "print_not_recorded": Refusal(
            "Nothing printed: it was not recorded.", "Please tell support."
        ),
        "slip_too_wide": Refusal(
            "Nothing printed: the paper is narrow.",
            "Use wider paper, or tell support.",
        ),
        "logo_unreadable": Refusal(
            "Not printed: the logo is damaged.",
            "A technician has to change the logo.",
        ),
        "printer_font_missing": Refusal(
            "Nothing printed: no font with Hangul.", "A technician has to install one."
        ),
        # What is held to the reader
        "card": Refusal("The card could not be read.", _TAP_AGAIN),
        "card_removed": Refusal("The card left too early.", _TAP_AGAIN),
        "card_mute": Refusal("The card does not answer.", _ONE_CARD),
        "several_cards": Refusal("There are several cards.", _ONE_CARD),
        "card_overstayed": Refusal("The card was held too long.", "Take it away, then tap again."),
        "foreign_card": Refusal("That is not a KS-Coin card.", _OTHER),
        "no_purse_on_card": Refusal("There is no purse on that card.", _OTHER),
        "unknown_card_version": Refusal("That card is too new for this till.", _OTHER),
        "card_garbled": Refusal("The card's answer makes no sense.", _OTHER),
        "debit_torn": Refusal("The card left too early.", _KEEP),
        "card_refused": Refusal("The card said no.", _OTHER),
        "card_not_personalised": Refusal("That card is not in use yet.", _OTHER),
        "card_credit_exceeded": Refusal(
            "There is not enough on the card.", "Load it, or take another tender."
        ),
        "card_no_such_debit": Refusal("The card has no such payment.", _TAP_AGAIN),
        "card_certificate_refused": Refusal("The card did not take the load.", _CALL),
        "another_card": Refusal("That is another card.", "Hold the first card again."),
        "card_paid_elsewhere": Refusal("That card paid elsewhere meanwhile.", _KEEP),
        "reader_silent": Refusal(
            "The card reader does not answer.", "Unplug it and plug it in again."
        ),
        # The key of the terminal
        "key_store": Refusal("The terminal's key cannot be used.", _TECHNICIAN),
        "key_not_found": Refusal("The terminal has no key.", _ENROL),
        "key_exists": Refusal("The terminal has a key already.", "Do not delete that key."),
        "wrong_pass_phrase": Refusal("The key's pass phrase is wrong.", _TECHNICIAN),
        "key_damaged": Refusal("The terminal's key is damaged.", _ENROL),
        "key_exposed": Refusal("Others may read the terminal's key.", _TECHNICIAN),
        "no_token_uri": Refusal("The key token's name makes no sense.", _TECHNICIAN),
        "token_unavailable": Refusal("The key token is not plugged in.", _TECHNICIAN),
        "token_locked": Refusal("The terminal's key token is locked.", _TECHNICIAN),
        # The till itself
        "request_timed_out": Refusal("The time to pay is over.", "Press Pay again."),
        "timed_out_offline": Refusal(
            "The time to pay is over.", "If they have paid, scan the receipt on their phone."
        ),
        "scan_broken": Refusal("The code was not read to its end.", _AGAIN),
        "settings_invalid": Refusal("The terminal's settings make no sense.", _TECHNICIAN),
        "sale_interrupted": Refusal(
            "The power went during a payment.", "If the goods are still here, take it again."
        ),
        "paid_twice": Refusal("This sale was paid twice.", f"One is the customer's. {_BY_CODE}"),
        "worker_died": Refusal("A part of the till stopped.", "Press Try again."),
        "font_missing": Refusal("There is no Korean font.", "Install fonts-nanum."),
        # Why the ledger did not settle
        "double_spend": Refusal("That purse was spent twice.", _BY_CODE),
        "reserve_released": Refusal("The purse's reserve was released.", _BY_CODE),
        "guarantee_exhausted": Refusal("Over the guarantee fund's cap.", _BY_CODE),
        "returned_to_payer": Refusal("It was given back to the customer.", _BY_CODE),
        "unsigned": Refusal("Nobody has signed for this.", _BY_CODE),
        "waits_for_payment": Refusal(
            "The ledger has not seen it yet.", "It goes back when the payment arrives."
        ),
        "not_paid": Refusal("That payment was never paid out.", _BY_CODE),
        "over_refund": Refusal("More than is left of that payment.", "Give back a smaller sum."),
        "already_refunded": Refusal("Part of it was given back before.", "Refund what is left."),
        "till_empty": Refusal(
            "The shop's account is empty.", "Give the refund again after the next sales."
        ),
        "certificate_expired": Refusal("The purse's certificate had expired.", _BY_CODE),
        "terminal_revoked": Refusal(
            "This terminal may no longer sell.",
            f"No more sales here; what was taken is safe. {_CALL}",
        ),
        "account_frozen": Refusal("That account is frozen.", _OTHER),
        "unknown_terminal": Refusal("This terminal is not registered.", _ENROL),
        "unknown_merchant": Refusal("This shop is not registered.", _CALL),
        "unknown_account": Refusal("That account is not registered.", _OTHER),
        "unknown_purse": Refusal("That purse is not registered.", _BY_CODE),
        "unknown_request": Refusal("That payment is not registered.", _BY_CODE),
        "unknown_batch": Refusal("That upload is not registered.", _CALL),
        "unknown_code": Refusal("There is no such enrolment code.", "Check the code."),
        "code_used": Refusal("That enrolment code was used.", "Ask for a new one."),
        "code_expired": Refusal("That enrolment code has expired.", "Ask for a new one."),
        "not_enough_won": Refusal("There is not enough in the account.", _OTHER),
        "over_balance_limit": Refusal("More than the purse may hold.", "Take a smaller amount."),
        "no_wallet": Refusal("That account has no wallet.", _OTHER),
        "wrong_key": Refusal("The purse's key is another one.", _BY_CODE),
        "purse_closing": Refusal("That purse is being closed.", _OTHER),
        "account_taken": Refusal("That account is registered already.", _CALL),
        "key_taken": Refusal("That key has another purse.", _CALL),
        "order_expired": Refusal("That order is too old.", "Give it again."),
        "reference_used": Refusal("That reference was used before.", "Take another reference."),
        "wrong_role": Refusal("That is not allowed to this key.", _CALL),
        "unknown_token": Refusal("That key is not registered.", _CALL),
        "unknown_payout": Refusal("There is no such payout.", _CALL),
        "payout_unfinished": Refusal("A payout was cut off before its end.", _CALL),
        "payout_confirmed": Refusal("That payout is confirmed already.", _CALL),
    }
)
