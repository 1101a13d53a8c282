"""The SDK's and the server's errors, sorted into those worth another try and those that are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

from models.claude_stream import StreamError
from schemas.budget import Usage
from sentree.errors import ModelError, TransientModelError

_TRANSIENT_STATUS: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_TRANSIENT_KIND: Final = frozenset(
    {"overloaded_error", "rate_limit_error", "api_error", "timeout_error"}
)


def model_error(error: Exception, *, usage: Usage | None = None) -> ModelError:
    """Give our error for one of the SDK's, with what the server charged and when to come back."""
    import anthropic

    match error:
        case TransientModelError():
            return TransientModelError(
                str(error),
                retry_after=error.retry_after,
                usage=usage or error.usage,
                uncertain=error.uncertain or usage is None,
            )
        case ModelError():
            return error
        case StreamError(kind=kind):
            return of_kind(kind, str(error), usage=usage)
        case anthropic.APITimeoutError():
            return TransientModelError("the model did not answer in time", uncertain=True)
        case anthropic.APIStatusError():
            return _of_status(error)
        case anthropic.APIConnectionError():
            cause = type(error.__cause__).__name__ if error.__cause__ else "connection error"
            return TransientModelError(f"the model can't be reached ({cause})", uncertain=True)
        case _:
            return ModelError(f"the request could not be sent: {_line(str(error))}")


def of_kind(kind: str, message: str, *, usage: Usage | None = None) -> ModelError:
    """Give the error for one that the API reports by its type, in a stream or a batch."""
    text = f"{kind}: {_line(message)}"
    if kind in _TRANSIENT_KIND:
        return TransientModelError(text, usage=usage)
    return ModelError(text, usage=usage)


def refused_field(error: Exception, fields: frozenset[str]) -> str | None:
    """Name the optional field a server refused, if that is what the error says."""
    import anthropic

    if not isinstance(error, anthropic.BadRequestError | anthropic.UnprocessableEntityError):
        return None
    message = _message(error)
    named = [field for field in sorted(fields) if field in message]
    unknown = any(word in message.lower() for word in ("extra input", "unknown", "not permitted"))
    return named[0] if named and (unknown or "unsupported" in message.lower()) else None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read when to come back, in seconds: a number, or a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / scale
        except ValueError:
            try:
                seconds = (
                    parsedate_to_datetime(value) - (now or datetime.now(UTC))
                ).total_seconds()
            except (ValueError, TypeError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def _of_status(error: Any) -> ModelError:
    status = int(error.status_code)
    text = f"the model's server answered {status}: {_line(_message(error))}"
    if status in _TRANSIENT_STATUS:
        return TransientModelError(text, retry_after=retry_after(error.response.headers))
    if status in (401, 403):
        text += " (check the key)"
    return ModelError(text)


def _message(error: Any) -> str:
    body = error.body
    inner = cast(Any, body).get("error") if isinstance(body, dict) else None
    if isinstance(inner, dict):
        return str(cast(Any, inner).get("message", ""))
    return str(inner or error.message)


def _line(text: str) -> str:
    return " ".join(text.split())[:300] or "no message"
