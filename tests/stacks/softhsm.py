"""PKCS#11 tokens in software (SoftHSM 2) in a directory of the test's own. Knows no key of ours."""

import os
import subprocess
from pathlib import Path
from typing import Final

from drivers.keystore.token_uri import TokenUri
from tests.stacks.waiting import StackError

CONFIGURATION_VARIABLE: Final = "SOFTHSM2_CONF"
"""Where SoftHSM reads its configuration, once a process, when its module is loaded."""

PIN: Final = "271828"
_OFFICER_PIN: Final = "31415926"
_MODULES: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
)


def module_path() -> Path:
    """Where Debian keeps the module; raises StackError."""
    for path in _MODULES:
        if path.exists():
            return path
    raise StackError("SoftHSM 2 is not installed: run deploy/setup.sh test")


def point_softhsm_at(directory: Path) -> None:
    """Make this process and its children keep their tokens in `directory`."""
    tokens = directory / "tokens"
    tokens.mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    os.environ[CONFIGURATION_VARIABLE] = str(configuration)


def new_token(label: str) -> TokenUri:
    """Make a token with `PIN`; return what names it."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label]
    made = subprocess.run(
        [*command, "--pin", PIN, "--so-pin", _OFFICER_PIN], capture_output=True, check=False
    )
    if made.returncode != 0:
        raise StackError(f"no token could be made: {made.stderr.decode()}")
    return TokenUri(str(module_path()), token=label)
