"""What no other mapper knows, text or JSON: OCSF Base Event with its text, never dropped."""

from __future__ import annotations

from ocsf.mapping import Cut, Field, First, Lookup, Mapper, Rule, Shape, TimeField, c, f

MESSAGE_LENGTH = 4096
TIME_NAMES = (
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "eventTime",
    "event_time",
    "created_at",
    "date",
    "datetime",
    "_time",
    "TimeCreated",
    "TimeGenerated",
    "published",
)
DATE = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:[zZ]|UTC|[+-]\d{2}:?\d{2}))?"
COMMON_LOG = r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}"
EPOCH = r"1\d{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?"

# A record that is a JSON object is not searched: a date somewhere in it is not its time.
IN_TEXT = r"(?s)^(?:[^{{].*?)?({})"

SEVERITIES = {
    "trace": 1,
    "debug": 1,
    "info": 1,
    "informational": 1,
    "notice": 1,
    "low": 2,
    "warn": 3,
    "warning": 3,
    "medium": 3,
    "err": 4,
    "error": 4,
    "high": 4,
    "crit": 5,
    "critical": 5,
    "alert": 5,
    "emerg": 6,
    "fatal": 6,
}

MAPPER = Mapper(
    name="base",
    title="any text or JSON",
    limits="Text, and a time where one is found.",
    shapes=(Shape(name="any"),),
    times=(
        *(TimeField(name, unit="any") for name in TIME_NAMES),
        TimeField("$", pattern=IN_TEXT.format(DATE)),
        TimeField("$", unit="clf", pattern=IN_TEXT.format(COMMON_LOG)),
        TimeField(
            "$",
            unit="epoch",
            pattern=rf"(?:^|\b(?:ts|time|timestamp|epoch)[=:] ?|audit\()({EPOCH})(?:\D|$)",
        ),
    ),
    defaults={
        "metadata.product.name": c("Unknown"),
        "metadata.product.vendor_name": c("Unknown"),
    },
    rules=(
        Rule(
            name="base event",
            class_uid=0,
            severity_id=Lookup(f("level", "severity", "log.level"), SEVERITIES, default=0),
            tree={
                "message": Cut(
                    First((f("message", "Message", "msg", "log"), Field(("$",)))), MESSAGE_LENGTH
                )
            },
        ),
    ),
)
