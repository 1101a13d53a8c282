"""SonicWall firewalls: `id=firewall sn=… time="…" fw=… m=… msg="…"` lines."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    TimeField,
    Tree,
    c,
    f,
    num,
)

PRIORITIES = {"0": 6, "1": 5, "2": 5, "3": 4, "4": 3, "5": 1, "6": 1, "7": 1}
LOGONS: dict[str, int] = {
    **dict.fromkeys(("29", "30", "31", "32", "33", "35", "199", "235", "236", "237", "238", "246", "200", "329", "486", "986", "987", "988", "989", "1079", "1080", "1117", "1335", "1336"), 1),
    **dict.fromkeys(("24", "261", "262", "263", "264", "265", "520", "1008"), 2),
}  # fmt: skip
REFUSED: dict[str, int] = dict.fromkeys(
    (
        "30",
        "32",
        "33",
        "35",
        "246",
        "200",
        "329",
        "486",
        "986",
        "987",
        "988",
        "989",
        "1117",
        "1336",
    ),
    2,
)
ATTACKS = (
    "22 23 25 27 81 82 83 177 178 179 180 181 229 248 267 428 446 522 527 528 546 554 555 557 558 560 579 580 606 608"
    " 609 637 646 647 727 747 748 760 761 773 789 790 794 795 809 810 856 857 858 859 860 861 862 864 897 898 901 904"
    " 905 970 971 1154 1155 1177 1178 1179 1180 1181 1182 1200 1201 1213 1214 1215 1216 1217 1218 1226 1227 1366"
    " 1367 1368 1369 1370 1371 1373 1374 1375 1376 1387 1389 1471"
)
OPENED: dict[str, int] = {"98": 1, "537": 2, "1197": 4}
BLOCKED: dict[str, int] = dict.fromkeys(
    (
        "14",
        "16",
        "36",
        "37",
        "38",
        "39",
        "40",
        "41",
        "173",
        "174",
        "175",
        "524",
        "533",
        "534",
        "712",
        "713",
        "1198",
        "1199",
        "1235",
    ),
    2,
)
CODE = f("m")
SAID = Match(f("msg"), r"(?i)\b(dropped|denied|blocked|rejected)\b")
STOPPED = First((f("fw_action"), Match(f("msg"), r"^(?:\S+ ){1,3}?(Prevention|Detection)\b")))


def end(name: str) -> Tree:
    """Give address, port, interface of `10.0.0.5:51234:X0` or `10.0.0.5:51234:X0:host`."""
    address = f(name)
    six = Match(address, r"^([0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f]*)(?:,|$)")
    return {
        "ip": First((Ip(Match(address, r"^(\d+\.\d+\.\d+\.\d+)")), Ip(f(f"{name}V6")), Ip(six))),
        "port": First(
            (
                Integer(Match(address, r"^(?:\d+\.\d+\.\d+\.\d+)?:(\d+)(?::|$)"), 65_535),
                num(f"{name}Port", maximum=65_535),
            )
        ),
        "interface_name": Match(address, r"^(?:\d+\.\d+\.\d+\.\d+)?:\d*:([A-Za-z][^:]*)"),
        "zone": f(f"{name}Zone"),
        "hostname": NotIp(Match(address, r"^(?:\d+\.\d+\.\d+\.\d+)?:\d*:[^:]*:([A-Za-z][^:]*)$")),
    }


ENDS: Tree = {
    **{f"src_endpoint.{path}": each for path, each in end("src").items()},
    **{f"dst_endpoint.{path}": each for path, each in end("dst").items()},
}
PROTOCOL: Expression = Lower(Match(f("proto"), r"^([A-Za-z]+)"))
CONNECTION: Tree = {
    "connection_info.protocol_name": PROTOCOL,
    "connection_info.direction_id": Lookup(f("proto"), {}, other=0),
}
COMMON: Tree = {
    "message": Cut(f("msg", "body"), 4096),
    "unmapped.category": f("c", "gcat", "catid"),
    "unmapped.note": f("note"),
    "unmapped.user": f("usr", "user"),
    "unmapped.rule": f("rule"),
    "unmapped.app": f("appName", "app"),
    "unmapped.session": f("sess"),
}
URL = First((Join((f("dstname"), f("arg"))), f("dstname")))

MAPPER = Mapper(
    name="sonicwall",
    title="SonicWall",
    limits="What a message id means is known for the common ones; others with addresses are Network Activity.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="enhanced syslog",
            mark=r"^(?:\S+ +)?id=\S+ +sn=\w{4,16} .*\bfw=[0-9A-Fa-f.:]+ .*\b(?:m=\d+|msg=)",
            pairs=Pairs(),
        ),
    ),
    times=(TimeField("time", unit="%Y-%m-%d %H:%M:%S UTC|%Y-%m-%d %H:%M:%S"), SYSLOG_TIME),
    nulls=NULLS | {"NA", "Unknown (SSO failed)"},
    defaults={
        **product("SonicOS", "SonicWall"),
        **HEADER,
        "device.ip": Ip(f("fw")),
        "device.uid": f("sn"),
        "metadata.event_code": CODE,
    },
    rules=(
        Rule(
            name="attack",
            class_uid=2004,
            activity_id=1,
            severity_id=First(
                (
                    Lookup(f("ipspri", "spypri"), {"1": 4, "2": 3, "3": 2}),
                    Lookup(f("pri"), PRIORITIES, default=3),
                )
            ),
            when=(("m", frozenset(ATTACKS.split())),),
            tree={
                **COMMON,
                "finding_info.uid": First((f("sid", "ipscat", "virusid"), CODE)),
                "finding_info.title": First((f("ipscat", "spycat", "msg"), CODE)),
                "finding_info.types": Listing((f("ipscat"), f("spycat"))),
                "evidences": Listing((Obj(ENDS),)),
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(STOPPED, {"drop": 2, "prevention": 2}, other=1, default=0),
                "disposition_id": Lookup(STOPPED, {"drop": 2, "prevention": 2}, other=1, default=0),
            },
        ),
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=Lookup(CODE, LOGONS, default=99),
            severity_id=Lookup(CODE, REFUSED, default=1),
            when=(("m", frozenset(LOGONS)), ("msg", PRESENT)),
            tree={
                **COMMON,
                "user.name": First((f("usr", "user"), Lookup(f("body"), {}, other="unknown"))),
                "service.name": First((f("proto"), f("fw"))),
                "src_endpoint.ip": end("src")["ip"],
                "src_endpoint.port": end("src")["port"],
                "dst_endpoint.ip": First((end("dst")["ip"], Ip(f("fw")))),
                "status_id": First(
                    (
                        Lookup(Match(f("msg"), r"(?i)(denied|fail|reject)"), {}, other=2),
                        Lookup(CODE, REFUSED, other=1, default=0),
                    )
                ),
                "status_detail": f("msg"),
            },
        ),
        Rule(
            name="configuration",
            class_uid=6003,
            activity_id=3,
            severity_id=2,
            when=(("m", frozenset({"1382", "1383", "1384"})),),
            tree={
                **COMMON,
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("SonicWall"),
                "actor.user.name": f("usr", "user"),
                "actor.app_name": f("sess", "id"),
                "src_endpoint.ip": end("src")["ip"],
                "src_endpoint.port": end("src")["port"],
                "src_endpoint.svc_name": f("sess", "id"),
                "api.operation": First((Match(f("msg"), r"^(Configuration \w+)"), f("m"))),
                "api.service.name": f("sess"),
                "resources": Listing(
                    (Obj({"name": Match(f("msg"), r"'([^']*)'")}, needs=("name",)),)
                ),
                "status_id": Lookup(
                    Match(f("msg"), r"^Configuration (\w+)"),
                    {"succeeded": 1, "failed": 2},
                    default=0,
                ),
                "unmapped.old_value": f("oldValue"),
            },
        ),
        Rule(
            name="web",
            class_uid=4002,
            activity_id=Lookup(
                f("op"), {"0": 0, "1": 3, "2": 6, "get": 3, "post": 6, "connect": 1}, default=0
            ),
            when=(("m", frozenset({"97", "14", "16"})), ("dstname", PRESENT)),
            tree={
                **COMMON,
                **ENDS,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "http_request.url": Obj(
                    {"url_string": URL, "hostname": NotIp(f("dstname")), "path": f("arg")},
                    needs=("url_string",),
                ),
                "http_request.http_method": Lookup(
                    f("op"),
                    {"1": "GET", "2": "POST", "get": "GET", "post": "POST", "connect": "CONNECT"},
                ),
                "http_response": Obj(
                    {"code": num("result"), "length": num("rcvd")}, needs=("code",)
                ),
                "action_id": Lookup(CODE, BLOCKED, other=1),
                "disposition_id": Lookup(CODE, BLOCKED, other=1),
                "actor.user.name": f("usr", "user"),
                "unmapped.blocked_category": f("Category", "catid"),
            },
        ),
        *(
            Rule(
                name=f"traffic ({field})",
                class_uid=4001,
                activity_id=First(
                    (
                        Lookup(CODE, OPENED),
                        Lookup(CODE, dict.fromkeys(BLOCKED, 5)),
                        Lookup(f("fw_action"), {"drop": 5, "deny": 5, "allow": 1}),
                        Lookup(SAID, {}, other=5),
                        c(6),
                    )
                ),
                severity_id=1,
                when=((field, PRESENT),),
                tree={
                    **COMMON,
                    **ENDS,
                    **CONNECTION,
                    "metadata.profiles": Listing((c("host"), c("security_control"))),
                    "action_id": First(
                        (
                            Lookup(
                                f("fw_action"),
                                {
                                    "drop": 2,
                                    "deny": 2,
                                    "reject": 2,
                                    "allow": 1,
                                    "forward": 1,
                                    "mgmt": 1,
                                },
                            ),
                            Lookup(CODE, BLOCKED),
                            Lookup(CODE, {"98": 1, "537": 1}),
                            Lookup(SAID, {}, other=2),
                            c(3),
                        )
                    ),
                    "disposition_id": First(
                        (
                            Lookup(
                                f("fw_action"),
                                {
                                    "drop": 6,
                                    "deny": 2,
                                    "reject": 2,
                                    "allow": 1,
                                    "forward": 1,
                                    "mgmt": 1,
                                },
                            ),
                            Lookup(CODE, BLOCKED),
                            Lookup(CODE, {"98": 1, "537": 1}),
                            Lookup(SAID, {}, other=2),
                            c(17),
                        )
                    ),
                    "traffic.bytes_out": num("sent"),
                    "traffic.bytes_in": num("rcvd"),
                    "traffic.packets_out": num("spkt"),
                    "traffic.packets_in": num("rpkt"),
                    "duration": num("cdur"),
                    "firewall_rule": Obj({"name": f("rule")}, needs=("name",)),
                    "actor.user.name": f("usr", "user"),
                },
            )
            for field in ("src", "srcV6")
        ),
        Rule(
            name="other",
            class_uid=0,
            severity_id=Lookup(f("pri"), PRIORITIES, default=1),
            tree=COMMON,
        ),
    ),
)
