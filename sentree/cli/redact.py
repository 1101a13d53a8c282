"""The command `redact`: what a language model would be sent of a text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode, UnreadableInputError

STDIN = "-"


def redact(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    redaction: str | None = None,
    common: Common = COMMON,
) -> int:
    """Show a text as a language model would be sent it; nothing leaves this machine.

    Users and hosts are known from the events of a run; here only those that the policy names are.

    Args:
        source: A text file, or - for standard input.
        redaction: A policy file; secrets are masked without one.
        common: Options of every command.
    """
    import json

    from sentree.analysis.redaction import open_redactor

    settings = common.settings(redaction=redaction)
    redactor = open_redactor(settings, settings.model)
    shown = redactor.text(_read(source))
    account = redactor.account()
    common.say(f"{redactor.policy.summary()}; {account.sentence()}")
    common.emit(shown, lambda: json.dumps({"text": shown, **account.model_dump()}, indent=1))
    return ExitCode.DONE


def _read(source: str) -> str:
    try:
        data = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except OSError as error:
        raise UnreadableInputError(f"{source} can't be read: {error.strerror}") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, "replace")
