"""What can stop a technician's task that is neither hardware's, nor the queue's, nor the ledger's.

KSCoinError
└── FieldError
    ├── AlreadyEnrolled     the directory holds a terminal; a second one needs a typed word
    ├── NotATerminal        there is something else at the directory's place
    ├── PlaceUnusable       the directory cannot be made, read or written
    ├── RootNotListed       the ledger is not vouched for by the root that was given
    ├── RecordingUnusable   a recording cannot be written or read
    └── NotConfirmed        the technician said no, or could not be asked
"""

from __future__ import annotations

from kscoin.errors import KSCoinError


class FieldError(KSCoinError):
    """Raised when a task of the bench cannot go on; nothing of a working terminal has changed."""

    code = "field"


class AlreadyEnrolled(FieldError):
    """Raised when the directory holds a terminal already, and replacing it was not asked for."""

    code = "already_enrolled"


class TillRunning(FieldError):
    """Raised when a terminal cannot be replaced because its till runs; it is stopped first."""

    code = "till_running"


class NotATerminal(FieldError):
    """Raised when the directory holds files that are no terminal's; they are left alone."""

    code = "not_a_terminal"


class PlaceUnusable(FieldError):
    """Raised when the terminal's directory cannot be made, read or written."""

    code = "place_unusable"


class EnrolmentDamaged(FieldError):
    """Raised when key and request of a cut-off enrolment do not fit together; `path` is where."""

    code = "enrolment_damaged"


class RootNotListed(FieldError):
    """Raised when the root that the technician was given has not signed the ledger's trust list.

    It is another ledger, or somebody in between; no code is sent to it.
    """

    code = "root_not_listed"


class RecordingUnusable(FieldError):
    """Raised when a device's recording cannot be written, or is none; no device was changed."""

    code = "recording_unusable"


class NotConfirmed(FieldError):
    """Raised when a question was answered with no, or with another word than the one asked for."""

    code = "not_confirmed"
