"""The installation's secret, from which the markers around data are derived."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sentree.errors import ConfigurationError

LENGTH = 32


def installation_secret(home: Path) -> bytes:
    """Read the secret of a home folder; it is made at first use and only its owner can read it.

    Raises:
        ConfigurationError: it can't be read or made.
    """
    path = home / "secret"
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes()
        else:
            secret = secrets.token_bytes(LENGTH)
            with os.fdopen(handle, "wb") as file:
                file.write(secret)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read or made: {error}") from None
    if len(secret) != LENGTH:
        raise ConfigurationError(f"{path} is damaged: delete it, and a new one is made")
    return secret
