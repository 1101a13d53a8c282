"""Cisco Meraki: `1767607200.123 MX84 flows src=… dst=…` lines of appliances and access points."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.http_parts import activity, url
from ocsf.mappers.syslog_parts import HEADER, MESSAGE, NULLS, SYSLOG_TIME, TEXT, on, product
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Obj,
    Rule,
    TimeField,
    Tree,
    c,
    f,
    num,
)

KINDS = r"(?P<kind>flows|firewall|cellular_firewall|vpn_firewall|ip_flow_start|ip_flow_end|urls|ids-alerts|security_event|airmarshal_events|events)"
WHERE = r"^(?:<\d+>)?(?:1 )?(?:(?P<epoch>\d{10}\.\d+) )?(?:(?P<model>\S+) )?"


def address(name: str) -> Expression:
    """Give the address of `10.0.0.5` or `10.0.0.5:443`."""
    return First((Ip(f(name)), Ip(Match(f(name), r"^\[?(.*?)\]?:\d+$"))))


def port(pair: str, name: str) -> Expression:
    """Give the port of its own pair, or of the address."""
    return First((num(pair, maximum=65_535), Integer(Match(f(name), r"[\d\]]:(\d+)$"), 65_535)))


ENDS: Tree = {
    "src_endpoint.ip": address("src"),
    "src_endpoint.port": port("sport", "src"),
    "src_endpoint.mac": f("mac", "shost"),
    "dst_endpoint.ip": address("dst"),
    "dst_endpoint.port": port("dport", "dst"),
}
DECIDED = Match(
    f("rest"), r"\b(?:pattern: |decision=|action=)?(allow|deny|block|blocked|allowed)\b"
)
ACTIONS: dict[str, int] = {
    "allow": 1,
    "allowed": 1,
    "deny": 2,
    "block": 2,
    "blocked": 2,
    "0": 1,
    "1": 2,
}
LOGONS: dict[str, int] = {
    "8021x_eap_success": 1, "8021x_eap_failure": 1, "8021x_auth": 1, "splash_auth": 1, "client_vpn_connect": 1,
    "8021x_deauth": 2, "client_vpn_disconnect": 2, "anyconnect_vpn_auth_success": 1, "anyconnect_vpn_auth_failure": 1,
    "anyconnect_vpn_connect": 1, "anyconnect_vpn_disconnect": 2,
}  # fmt: skip

MAPPER = Mapper(
    name="meraki",
    title="Cisco Meraki",
    limits="Events of wireless and VPN tunnels without a user are Base Events.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="appliance",
            mark=r"^(?:<\d+>)?(?:1 )?\d{10}\.\d+ \S+ (?:flows|firewall|cellular_firewall|vpn_firewall|ip_flow_start|ip_flow_end|urls|ids-alerts|security_event|airmarshal_events|events) ",
            patterns=(
                (
                    "web",
                    WHERE
                    + r"(?P<kind>urls) (?P<rest>.*? request: (?P<method>[A-Z]+|UNKNOWN) (?P<target>\S+))",
                ),
                (
                    "alert",
                    WHERE
                    + r"(?P<kind>ids-alerts|security_event) (?:(?P<subtype>\w+) )?(?P<rest>.*?(?:message: (?P<title>[^=]*?))?)(?: action: \w+)?$",
                ),
                (
                    "flow",
                    WHERE
                    + r"(?P<kind>flows|firewall|cellular_firewall|vpn_firewall|ip_flow_start|ip_flow_end) (?P<rest>.*)$",
                ),
                ("event", WHERE + KINDS + r" (?:type=(?P<type>\S+) ?)?(?P<rest>.*)$"),
            ),
            pairs=Pairs(of="rest"),
        ),
    ),
    times=(TimeField("epoch", unit="epoch"), SYSLOG_TIME),
    nulls=NULLS,
    defaults={
        **product("Meraki", "Cisco"),
        **HEADER,
        "device.name": f("model"),
        "metadata.log_name": f("kind"),
        "metadata.event_code": f("type", "subtype", "kind"),
    },
    rules=(
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("priority"), {"1": 4, "2": 3, "3": 2, "4": 1}, default=3),
            when=on("alert"),
            tree={
                **MESSAGE,
                "finding_info.uid": f("signature", "sha256", "subtype", "kind"),
                "finding_info.title": f("title", "name", "signature", "kind"),
                "finding_info.types": Listing((f("subtype"),)),
                "evidences": Listing(
                    (Obj({**ENDS, "url": Obj({"url_string": f("url")}, needs=("url_string",))}),)
                ),
                "unmapped.decision": f("decision", "action"),
                "unmapped.disposition": f("disposition"),
            },
        ),
        Rule(
            name="web",
            class_uid=4002,
            activity_id=activity(f("method")),
            when=on("web"),
            tree={
                **MESSAGE,
                **ENDS,
                "http_request.http_method": Lookup(
                    f("method"),
                    {
                        each.lower(): each
                        for each in (
                            "GET",
                            "HEAD",
                            "POST",
                            "PUT",
                            "DELETE",
                            "OPTIONS",
                            "CONNECT",
                            "TRACE",
                        )
                    },
                ),
                "http_request.url": url(f("target")),
                "http_request.user_agent": f("agent"),
            },
        ),
        Rule(
            name="flow",
            class_uid=4001,
            activity_id=First(
                (
                    Lookup(f("kind"), {"ip_flow_start": 1, "ip_flow_end": 2}),
                    Lookup(DECIDED, {"allow": 1, "deny": 5}),
                    c(6),
                )
            ),
            when=(*on("flow"), ("src", PRESENT)),
            tree={
                **MESSAGE,
                **ENDS,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "connection_info.protocol_name": Lower(f("protocol")),
                "connection_info.direction_id": Lookup(f("protocol"), {}, other=0),
                "action": DECIDED,
                "action_id": Lookup(DECIDED, ACTIONS, default=3),
                "disposition_id": Lookup(DECIDED, ACTIONS, default=17),
                "firewall_rule": Obj(
                    {"name": Match(f("rest"), r"pattern: (.*)$")}, needs=("name",)
                ),
                "unmapped.nat_src": f("translated_src_ip"),
                "unmapped.nat_dst": f("translated_dst_ip"),
            },
        ),
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=Lookup(f("type"), LOGONS, default=99),
            severity_id=Lookup(Match(f("type"), r"(failure)"), {"failure": 2}, default=1),
            when=(("type", frozenset(LOGONS)),),
            tree={
                **MESSAGE,
                "user.name": f("identity", "user", "user_id", "client_mac", "type"),
                "service.name": First((f("vap", "radio", "model"), f("kind"))),
                "src_endpoint.ip": Ip(f("client_ip", "remote_ip", "peer_ip", "ip")),
                "src_endpoint.mac": f("client_mac"),
                "dst_endpoint.hostname": f("model"),
                "status_id": Lookup(Match(f("type"), r"(failure)"), {"failure": 2}, default=1),
            },
        ),
        Rule(name="other", class_uid=0, tree=MESSAGE),
    ),
)
