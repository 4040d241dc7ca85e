"""What a running ledger writes down: one line an event, as JSON or as words.

A line holds what an operator needs to find a fault, and nothing of a person: no id of a purse,
account, merchant or terminal, no code, no token, no address, no message of a foreign exception.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TextIO

# Which request a line belongs to; empty outside of one.
request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
_log: Final = logging.getLogger("ledger")
# uvicorn tells of connections that went wrong under this name.
_LOGGERS: Final = ("ledger", "uvicorn.error")
_FIELDS: Final = "fields"


class LogFormat(StrEnum):
    """How lines are written."""

    JSON = "json"
    TEXT = "text"
    OFF = "off"


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Write down that something happened; the fields are numbers and words of ours."""
    _log.log(level, name, extra={_FIELDS: fields})


def fault(name: str, exc: BaseException, **fields: object) -> None:
    """Write down an exception that nobody foresaw: what kind and where, not its text."""
    _log.error(name, extra={_FIELDS: {**fields, **_place_of(exc)}})


def start_logs(form: LogFormat, stream: TextIO | None = None) -> None:
    """Write lines to a stream (standard error by default) from now on."""
    handler: logging.Handler = logging.NullHandler()
    if form is not LogFormat.OFF:
        handler = logging.StreamHandler(stream or sys.stderr)
        handler.setFormatter(_Lines(is_json=form is LogFormat.JSON))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    _log.setLevel(logging.INFO)
    # Each start and each broken connection is told by us already.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class _Lines(logging.Formatter):
    def __init__(self, *, is_json: bool) -> None:
        super().__init__()
        self._is_json = is_json

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        if self._is_json:
            return json.dumps(facts, ensure_ascii=False, default=str)
        at, level, name = (facts.pop(key) for key in ("at", "level", "event"))
        return " ".join([f"{at} {level:<7} {name}", *(f"{k}={v}" for k, v in facts.items())])


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: Mapping[str, object] = getattr(record, _FIELDS, {})
    facts: dict[str, Any] = {"at": at, "level": record.levelname.lower()}
    # A line of a library's may hold anything: only that there was one is told, and where.
    facts["event"] = record.getMessage() if record.name == "ledger" else record.name
    if found := request_id.get():
        facts["request_id"] = found
    facts.update(fields)
    if record.exc_info and record.exc_info[1]:
        facts.update(_place_of(record.exc_info[1]))
    return facts


def _place_of(exc: BaseException) -> dict[str, str]:
    frames = traceback.extract_tb(exc.__traceback__)[-4:]
    path = " < ".join(f"{_short(each.filename)}:{each.lineno}" for each in reversed(frames))
    return {"error": type(exc).__name__, "where": path}


def _short(filename: str) -> str:
    return "/".join(filename.split("/")[-2:])
