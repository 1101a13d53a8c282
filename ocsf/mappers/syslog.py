"""Any line or JSON message behind a syslog header that no other mapper knows: time, host, program."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    BY_LEVEL,
    HEADER,
    MESSAGE_LENGTH,
    NULLS,
    PROGRAM,
    SYSLOG_TIME,
    product,
)
from ocsf.mapping import Cut, Field, First, Mapper, Rule, Shape, f

MAPPER = Mapper(
    name="syslog",
    title="syslog (RFC 3164 and 5424)",
    shapes=(
        Shape(name="header", present=(frozenset({"syslog.host", "syslog.app"}),)),
        Shape(name="any"),
    ),
    layouts=(Layout(name="header", headed=True),),
    times=(SYSLOG_TIME,),
    nulls=NULLS,
    defaults={**product("syslog", "Unknown"), **HEADER},
    rules=(
        Rule(
            name="message",
            class_uid=0,
            activity_id=0,
            severity_id=BY_LEVEL,
            tree={
                **PROGRAM,
                "message": Cut(First((f("body", "message", "msg"), Field(("$",)))), MESSAGE_LENGTH),
            },
        ),
    ),
)
