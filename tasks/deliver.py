"""Delivers a message: to any address that Apprise knows, or by a notification block of Prefect."""

from __future__ import annotations

import logging
from typing import Any, cast

from tasks.environment import server_is_configured

BLOCK = "prefect-block://"


def deliver(url: str, title: str, body: str) -> str:
    """Send a message; gives an empty text, or why it could not be sent. Never raises."""
    try:
        if url.startswith(BLOCK):
            return _by_block(url.removeprefix(BLOCK), title, body)
        return _by_apprise(url, title, body)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _by_apprise(url: str, title: str, body: str) -> str:
    from apprise import Apprise, LogCapture, NotifyFormat

    target = Apprise.instantiate(url, suppress_exceptions=True)
    if target is None:
        return "no address that can be read (see Apprise's documentation for how it is written)"
    with LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
        sent = cast(Any, target).notify(title=title, body=body, body_format=NotifyFormat.TEXT)
        said = cast(Any, log).getvalue().strip()
    return "" if sent else (said.splitlines() or ["it was not accepted"])[0]


def _by_block(name: str, title: str, body: str) -> str:
    # Without a server, loading the block would start one.
    if not server_is_configured():
        return "a block needs a Prefect server: set PREFECT_API_URL, or use `sentree serve`"
    from prefect.blocks.core import Block

    block: Any = Block.load(name)
    with block.raise_on_failure():
        block.notify(body, title)
    return ""
