"""QRadar's Log Event Extended Format, 1.0 and 2.0, of any vendor."""

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

ANY = r"[^|]*"
START = (
    rf"^LEEF: ?(?P<format>\d+(?:\.\d+)?)\|(?P<vendor>{ANY})\|(?P<product>{ANY})"
    rf"\|(?P<product_version>{ANY})\|"
)
END = r"(?:\|(?:(?:0?x[0-9A-Fa-f]{1,4}|[^\w\s|=]|\\t)?\|)?(?P<ext>(?s:.*))|)$"


def _layout(name: str, mark: str, pairs: Pairs) -> Layout:
    return Layout(
        name=name,
        mark=mark,
        patterns=(
            ("threat", rf"{START}(?P<event_id>[^|]*?{THREAT_WORDS}{ANY}){END}"),
            ("account", rf"{START}(?P<event_id>[^|]*?{ACCOUNT_WORDS}{ANY}){END}"),
            ("authentication", rf"{START}(?P<event_id>[^|]*?{LOGON_WORDS}{ANY}){END}"),
            ("mail", rf"{START}(?P<event_id>[^|]*?{MAIL_WORDS}{ANY}){END}"),
            ("event", rf"{START}(?P<event_id>{ANY}){END}"),
        ),
        pairs=pairs,
    )


def _delimited(character: str, code: str) -> str:
    return rf"^LEEF: ?2(?:\.0)?\|(?:[^|]*\|){{4}}(?:\{character}|0?x(?i:{code}))\|"


MAPPER = Mapper(
    name="leef",
    title="Log Event Extended Format (LEEF)",
    limits="As CEF. `devTimeFormat` is not read: some ten usual formats are tried.",
    shapes=(TEXT,),
    layouts=(
        _layout("carets", _delimited("^", "0*5e"), Pairs(of="ext", spaced=True, separator="\\^")),
        _layout("semicolons", _delimited(";", "0*3b"), Pairs(of="ext", spaced=True, separator=";")),
        _layout("commas", _delimited(",", "0*2c"), Pairs(of="ext", spaced=True, separator=",")),
        _layout(
            "bars",
            r"^LEEF: ?2(?:\.0)?\|(?:[^|]*\|){4}(?:0?x0*7[cC])\|",
            Pairs(of="ext", spaced=True, separator="|"),
        ),
        _layout("tabs", "^LEEF: ?\\d.*\\t", Pairs(of="ext", spaced=True, separator="\t")),
        _layout("blanks", r"^LEEF: ?\d", Pairs(of="ext", spaced=True)),
    ),
    times=(*TIMES, SYSLOG_TIME),
    nulls=NULLS | {"N/A", "null"},
    defaults=DEFAULTS,
    rules=RULES,
)
