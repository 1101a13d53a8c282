"""Structured logs: what the machine does, a line each, with the run and node it belongs to.

Code logs through `logging.getLogger("sentree.…")` with fields in `extra`; nothing is written
unless settings ask for it.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from sentree.errors import ConfigurationError
from sentree.settings import Settings

FIELDS = (
    *("run_uid", "node_uid", "scenario", "state", "path", "tenant", "model", "attempts"),
    *("delivered", "accepted", "duplicate", "rejected", "events", "rules", "detections"),
    *("input_tokens", "output_tokens", "usd", "milliseconds", "error"),
)
"""The fields that a record may carry besides time, level, logger and message."""


def configure_logs(settings: Settings) -> None:
    """Send the records of this process to stderr or a file, as the settings say.

    Raises:
        ConfigurationError: the file can't be written.
    """
    logger = logging.getLogger("sentree")
    for handler in [one for one in logger.handlers if isinstance(one, _OursMixin)]:
        logger.removeHandler(handler)
        handler.close()
    if settings.log_format == "off":
        return
    handler: logging.Handler
    if settings.log_file is None:
        handler = _ErrorStream(sys.stderr)
    else:
        try:
            settings.log_file.parent.mkdir(parents=True, exist_ok=True)
            handler = _LogFile(settings.log_file, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"log_file {settings.log_file}: {error.strerror}") from None
    handler.setFormatter(_json_formatter() if settings.log_format == "json" else _TextFormatter())
    logger.addHandler(handler)
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False


def logs_are_json(settings: Settings) -> bool:
    """Tell whether stderr carries JSON lines, so that nothing else may be written there."""
    return settings.log_format == "json" and settings.log_file is None


class _OursMixin:
    """Marks the handlers that `configure_logs` made."""


class _ErrorStream(_OursMixin, logging.StreamHandler):  # pyright: ignore[reportMissingTypeArgument]
    pass


class _LogFile(_OursMixin, logging.FileHandler):
    pass


class _TextFormatter(logging.Formatter):
    """`time LEVEL logger: message field=value …`; what a log holds can't act on the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        values = (
            f"{name}={value!r}" if isinstance(value, str) and " " in value else f"{name}={value}"
            for name in FIELDS
            if (value := getattr(record, name, None)) is not None
        )
        text = f"{record.levelname} {record.name}: {record.getMessage()} {' '.join(values)}"
        shown = "".join(char if char.isprintable() else "?" for char in text)
        return f"{moment} {shown}".rstrip()


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=True,
    )
