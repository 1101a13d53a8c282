"""Errors meant for a user, each with data, one line of text and a documented exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.budget import Usage


class ExitCode(IntEnum):
    """What the process tells its caller; pinned by a test and listed in the README."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIGURATION = 3
    NOTHING_READABLE = 4
    PARTLY_UNREADABLE = 5
    LIMIT_REACHED = 6
    MODEL_UNREACHABLE = 7
    ALL_CLAIMS_DROPPED = 8
    FINDINGS = 10
    GAPS = 11


class SentreeError(Exception):
    """Base of every error that a user may see; `str()` is one line: what, where, what to do."""

    exit_code = ExitCode.UNEXPECTED


class UsageError(SentreeError):
    """The command's words don't fit together."""

    exit_code = ExitCode.USAGE


class ConfigurationError(SentreeError):
    """A setting, key or installed part is missing or wrong."""

    exit_code = ExitCode.CONFIGURATION


class UnreadableInputError(SentreeError):
    """No record could be read from the input."""

    exit_code = ExitCode.NOTHING_READABLE


class PartlyUnreadableError(SentreeError):
    """Some input could not be read and `--strict` was asked for."""

    exit_code = ExitCode.PARTLY_UNREADABLE


class LakeError(SentreeError):
    """The lake can't be opened, read or written (no space, no permission, damaged)."""

    exit_code = ExitCode.CONFIGURATION


class NotFoundError(SentreeError):
    """A run, claim, node or event that was named does not exist."""

    exit_code = ExitCode.USAGE


class LimitReachedError(SentreeError):
    """A cap was reached; a partial answer may have been written."""

    exit_code = ExitCode.LIMIT_REACHED

    def __init__(self, limit: str, allowed: float, spent: float) -> None:
        super().__init__(f"limit reached: {limit} (allowed {allowed:g}, spent {spent:g})")
        self.limit = limit
        self.allowed = allowed
        self.spent = spent


class ModelError(SentreeError):
    """The model refused, or could not be reached; `usage` is what the server charged even so."""

    exit_code = ExitCode.MODEL_UNREACHABLE

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage


class TransientModelError(ModelError):
    """A call that may succeed when it is made again, after `retry_after` seconds if given.

    `uncertain`: no answer came, so the server may have charged what nobody has seen.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        usage: Usage | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message, usage=usage)
        self.retry_after = retry_after
        self.uncertain = uncertain


class UnverifiedError(SentreeError):
    """Verification dropped every claim of the answer."""

    exit_code = ExitCode.ALL_CLAIMS_DROPPED


class SandboxError(SentreeError):
    """Sandboxed work was refused or failed; the run goes on."""

    exit_code = ExitCode.UNEXPECTED


class SqlRefused(SandboxError):
    """A query may not run: not one SELECT, or a table or function that is not on the list."""


class SqlFailed(SandboxError):
    """A query ran into an error, or into a limit of time or memory."""
