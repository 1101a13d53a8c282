"""The Common Event Format of any vendor: `CEF:0|vendor|product|version|id|name|severity|…`."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.event_format_parts import (
    ACCOUNT_WORDS,
    DEFAULTS,
    LOGON_WORDS,
    MAIL_WORDS,
    RULES,
    THREAT_WORDS,
    TIMES,
)
from ocsf.mappers.syslog_parts import NULLS, SYSLOG_TIME, TEXT
from ocsf.mapping import Mapper

ANY = r"(?:[^|\\]|\\.)*"
START = (
    rf"^CEF: ?(?P<format>\d+(?:\.\d+)?)\|(?P<vendor>{ANY})\|(?P<product>{ANY})"
    rf"\|(?P<product_version>{ANY})\|(?P<event_id>{ANY})\|"
)
END = rf"\|(?P<severity>{ANY})\|(?P<ext>(?s:.*))$"


def _named(words: str) -> str:
    return rf"{START}(?P<name>(?:[^|\\]|\\.)*?{words}{ANY}){END}"


# Deep Security tells by the number what found it: 1… intrusion prevention, 3… log inspection,
# 4… anti-malware, 6… application control; names are those of the rules.
DEEP_SECURITY = (
    rf"^CEF: ?(?P<format>\d+(?:\.\d+)?)\|(?P<vendor>Trend Micro)\|(?P<product>Deep Security Agent)"
    rf"\|(?P<product_version>{ANY})\|(?P<event_id>[1346]\d{{6}})\|(?P<name>{ANY}){END}"
)

MAPPER = Mapper(
    name="cef",
    title="Common Event Format (CEF)",
    limits=(
        "The class is told by words in the event's name and by its keys; unknown times are "
        "the header's."
    ),
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="cef",
            mark=r"^CEF: ?\d",
            patterns=(
                ("threat", DEEP_SECURITY),
                ("threat", _named(THREAT_WORDS)),
                ("account", _named(ACCOUNT_WORDS)),
                ("authentication", _named(LOGON_WORDS)),
                ("mail", _named(MAIL_WORDS)),
                ("event", rf"{START}(?P<name>{ANY}){END}"),
                ("short", rf"{START}(?P<name>{ANY})(?:\|(?P<severity>{ANY}))?$"),
            ),
            pairs=Pairs(of="ext", spaced=True, escapes=True),
        ),
    ),
    times=(*TIMES, SYSLOG_TIME),
    nulls=NULLS | {"N/A", "null"},
    defaults=DEFAULTS,
    rules=RULES,
)
