"""Alerts of Snort and Suricata as text: fast alerts in files and syslog, Snort's CSV on pfSense."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    HEADER,
    MESSAGE,
    NULLS,
    SYSLOG_TIME,
    TEXT,
    fallback,
    on,
    product,
)
from ocsf.mapping import (
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Obj,
    Rule,
    TimeField,
    c,
    f,
    num,
)

TIME = r"(?P<time>\d\d/\d\d(?:/\d\d(?:\d\d)?)?-\d\d:\d\d:\d\d\.\d+)"
IDS = r"\[(?P<gid>\d+):(?P<sid>\d+):(?P<rev>\d+)\]"
ENDS = (
    r"(?P<src>\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:.]+?)(?::(?P<sport>\d{1,5}))? -> "
    r"(?P<dst>\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:.]+?)(?::(?P<dport>\d{1,5}))?$"
)
FAST = (
    rf"^(?:{TIME} +)?(?:\[(?P<verdict>Drop|wDrop|Pass|Reject|Block)\] +)?(?:\[\*\*\] +)?(?:\[(?P<verdict2>Drop|wDrop|Pass|Reject|Block)\] +)?{IDS} (?P<title>.*?) ?(?:\[\*\*\] *)?"
    rf"(?:\[Classification: (?P<category>[^\]]*)\] ?)?(?:\[Priority: (?P<priority>\d+)\]:? ?)?(?:<(?P<interface>[^>]*)> ?)?\{{(?P<protocol>[^}}]*)\}} {ENDS}"
)
CSV = (
    rf'^{TIME} ?,(?P<gid>\d+),(?P<sid>\d+),(?P<rev>\d+),"(?P<title>(?:[^"]|"")*)",(?P<protocol>[^,]*),(?P<src>[^,]*),(?P<sport>\d*),(?P<dst>[^,]*),(?P<dport>\d*),'
    r'[^,]*,"?(?P<category>[^,"]*)"?,(?P<priority>\d*)(?:,(?P<event_action>[^,]*),(?P<verdict>[^,]*))?'
)
# Suricata writes the year in full.
MAKER = First(
    (Match(f("syslog.app"), r"(?i)^(suricata)$"), Match(f("time"), r"^\d\d/\d\d/(\d{4})-"))
)
VERDICT = f("verdict", "verdict2")
VERDICTS = {"drop": 2, "block": 2, "reject": 2, "wdrop": 1, "pass": 1, "allow": 1, "alert": 1}

MAPPER = Mapper(
    name="ids_text",
    title="Snort and Suricata alerts as text",
    limits="Fast alerts of Snort in files write no year: only the syslog header's time is read there.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="fast",
            mark=r"^\d\d/\d\d(?:/\d\d(?:\d\d)?)?-\d\d:\d\d:\d\d\.\d+ +(?:\[\w+\] +)?(?:\[\*\*\] +)?(?:\[\w+\] +)?\[\d+:\d+:\d+\] .*\{[A-Za-z0-9:-]+\} \S+ -> \S+",
            patterns=(("alert", FAST),),
        ),
        Layout(
            # Of these programs alone: any other may write what its peers ask it to.
            name="program",
            apps=frozenset({"snort", "suricata", "barnyard2"}),
            mark=r"^(?:\[\w+\] +)?(?:\[\*\*\] +)?\[\d+:\d+:\d+\] ",
            patterns=(("alert", FAST),),
        ),
        Layout(
            name="csv",
            mark=r'^\d\d/\d\d(?:/\d\d(?:\d\d)?)?-\d\d:\d\d:\d\d\.\d+ ?,\d+,\d+,\d+,"',
            patterns=(("alert", CSV),),
        ),
    ),
    times=(TimeField("time", unit="%m/%d/%Y-%H:%M:%S.%n|%m/%d/%y-%H:%M:%S.%n"), SYSLOG_TIME),
    nulls=NULLS,
    defaults={**product("Snort", "Cisco"), **HEADER, "metadata.product.name": Lookup(MAKER, {}, other="Suricata", default="Snort"), "metadata.product.vendor_name": Lookup(MAKER, {}, other="OISF", default="Cisco")},
    rules=(
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("priority"), {"1": 4, "2": 3, "3": 2, "4": 1}, default=0),
            when=on("alert"),
            tree={
                **MESSAGE,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "metadata.event_code": f("sid"),
                "finding_info.uid": Join((f("gid"), f("sid"), f("rev")), ":"),
                "finding_info.title": First((f("title"), f("sid"))),
                "finding_info.types": Listing((f("category"),)),
                "finding_info.analytic": Obj(
                    {
                        "name": f("title"),
                        "uid": f("sid"),
                        "version": f("rev"),
                        "category": f("category"),
                        "type_id": c(1),
                    },
                    needs=("uid",),
                ),
                "action": VERDICT,
                "action_id": Lookup(VERDICT, VERDICTS, default=0),
                "disposition_id": Lookup(VERDICT, VERDICTS, default=0),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": Ip(f("src")),
                                "src_endpoint.port": num("sport", maximum=65_535),
                                "src_endpoint.interface_name": f("interface"),
                                "dst_endpoint.ip": Ip(f("dst")),
                                "dst_endpoint.port": num("dport", maximum=65_535),
                                "connection_info.protocol_name": Lower(Match(f("protocol"), r"^(\D.*)$")),
                                "connection_info.protocol_num": Integer(Match(f("protocol"), r"^(?:PROTO:)?(\d+)$"), 255),
                                "connection_info.direction_id": c(0),
                            }
                        ),
                    )
                ),
                "unmapped.generator": f("gid"),
                "unmapped.priority": num("priority"),
            },
        ),
        fallback(),
    ),
)  # fmt: skip
