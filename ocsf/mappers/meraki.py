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

KINDS = r"(?P<kind>flows|\w*firewall|ip_flow_start|ip_flow_end|urls|ids-alerts|security_event|airmarshal_events|events)"
WHERE = r"^(?:<\d+>)?(?:1 )?(?:(?P<epoch>\d{9,10}\.\d+) )?(?:(?P<model>\S+) )?"


def address(name: str) -> Expression:
    """Give the address of `10.0.0.5` or `10.0.0.5:443`."""
    return First((Ip(f(name)), Ip(Match(f(name), r"^\[?(.*?)\]?:\d+$"))))


def port(pair: str, name: str) -> Expression:
    """Give the port of its own pair, or of the address."""
    return First((num(pair, maximum=65_535), Integer(Match(f(name), r"[\d\]]:(\d+)$"), 65_535)))


ENDS: Tree = {
    "src_endpoint.ip": address("src"),
    "src_endpoint.port": port("sport", "src"),
    "src_endpoint.mac": Match(f("mac", "shost"), r"^([0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})$"),
    "dst_endpoint.ip": address("dst"),
    "dst_endpoint.port": port("dport", "dst"),
}
DECIDED = Match(
    f("rest"), r"(?i)\b(?:pattern: |decision=|action=)?(allow|deny|block|blocked|allowed)\b"
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
DEEDS: dict[str, int] = {
    **dict.fromkeys(("established", "added", "session connected", "true"), 1),
    **dict.fromkeys(("deleted", "deleting", "closing", "session disconnected", "false"), 2),
}
LOGONS: dict[str, int] = {
    "8021x_eap_success": 1, "8021x_eap_failure": 1, "8021x_auth": 1, "splash_auth": 1, "client_vpn_connect": 1,
    "8021x_deauth": 2, "client_vpn_disconnect": 2, "anyconnect_vpn_auth_success": 1, "anyconnect_vpn_auth_failure": 1,
    "anyconnect_vpn_connect": 1, "anyconnect_vpn_disconnect": 2,
}  # fmt: skip

MAPPER = Mapper(
    name="meraki",
    title="Cisco Meraki",
    limits="Events of wireless clients, ports and health are Base Events. What `pattern: 1 all` decided is not said.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="appliance",
            mark=r"^(?:<\d+>)?(?:1 )?\d{9,10}\.\d+ \S+ (?:flows|\w*firewall|ip_flow_start|ip_flow_end|urls|ids-alerts|security_event|airmarshal_events|events) ",
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
                    WHERE + r"(?P<kind>flows|\w*firewall|ip_flow_start|ip_flow_end) (?P<rest>.*)$",
                ),
                (
                    "rogue",
                    WHERE + r"(?P<kind>airmarshal_events) type=(?P<type>\S+) ?(?P<rest>.*)$",
                ),
                (
                    "vpn",
                    WHERE
                    + r"(?P<kind>events) (?P<rest>(?P<type>client_vpn_connect|client_vpn_disconnect|anyconnect_vpn_connect|anyconnect_vpn_disconnect) user id '(?P<user>[^']*)' local ip (?P<assigned>\S+) (?:re)?connected from (?P<peer>\S+).*)$",
                ),
                (
                    "vpn",
                    WHERE
                    + r"(?P<kind>events) (?P<rest>type=(?P<type>anyconnect_vpn_session_manager) msg= ?'.*?Peer IP=(?P<peer>\S+) User\[(?P<user>[^\]]*)\].*?: (?:conn_id\[\d+\] )?(?P<deed>Session disconnected|Session connected|Added|Deleted)\b(?:.*?Session Type: (?P<tunnel>[^,]+), Duration: (?P<lasted>[^,]+), Bytes xmt: (?P<sent>\d+), Bytes rcv: (?P<received>\d+))?(?: (?P<tunnel2>D?TLS) tunnel)?(?:.*?Reason: (?P<reason>[^']*?) *')?.*)$",
                ),
                (
                    "vpn",
                    WHERE
                    + r"(?P<kind>events) (?P<rest>(?P<type>Site-to-Site) VPN: .*?(?P<deed>established|deleting|closing|deleted)\b(?: (?:CHILD|IKE)_SA \S+)?(?: between (?P<local>[^\s\[]+)\S*?\.\.\.(?P<peer>[^\s\[]+))?.*)$",
                ),
                (
                    "vpn",
                    WHERE
                    + r"(?P<kind>events) type=(?P<type>vpn_connectivity_change) (?P<rest>.*?connectivity='(?P<deed>true|false)'.*)$",
                ),
                (
                    "lease",
                    WHERE
                    + r"(?P<kind>events) (?P<rest>(?P<type>dhcp) (?P<deed>lease) of ip (?P<leased>\S+) .*?for client mac (?P<client>\S+)(?: from router (?P<router>\S+))?.*)$",
                ),
                (
                    "lease",
                    WHERE
                    + r"(?P<kind>events) (?P<rest>(?P<type>dhcp) (?P<deed>no offers) for mac (?P<client>\S+).*)$",
                ),
                (
                    "login",
                    WHERE
                    + r"(?P<kind>events) type=(?P<type>anyconnect_vpn_auth_\w+) (?P<rest>msg= ?'.*?Peer IP=(?P<ip>\S+) .*?User[=\[](?P<user>[^:\]]+).*)$",
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
        "device.hostname": First((NotIp(f("syslog.host")), f("model"))),
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
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(DECIDED, ACTIONS, default=0),
                "disposition_id": Lookup(DECIDED, ACTIONS, default=0),
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
            name="VPN",
            class_uid=4014,
            activity_id=First(
                (
                    Lookup(f("deed"), DEEDS),
                    Lookup(Match(f("type"), r"_(disconnect|connect)"), {"disconnect": 2}, other=1),
                    c(99),
                )
            ),
            when=on("vpn"),
            tree={
                **MESSAGE,
                "src_endpoint.ip": First((address("peer"), address("peer_contact"))),
                "dst_endpoint.ip": Ip(f("local")),
                "dst_endpoint.hostname": f("model"),
                "user.name": f("user"),
                "session.uid": Match(f("rest"), r"(?:Sess-ID\[|<)([^\]>]+)"),
                "tunnel_type": First(
                    (
                        f("tunnel", "tunnel2", "vpn_type"),
                        Match(f("type"), r"^(anyconnect|client_vpn|Site-to-Site)"),
                        f("type"),
                    )
                ),
                "traffic.bytes_out": num("sent"),
                "traffic.bytes_in": num("received"),
                "status_detail": f("reason"),
                "unmapped.assigned_ip": f("assigned"),
                "unmapped.duration": f("lasted"),
                "unmapped.peer": f("peer_ident"),
            },
        ),
        Rule(
            name="lease",
            class_uid=4004,
            activity_id=Lookup(f("deed"), {"lease": 5}, other=99),
            when=on("lease"),
            tree={
                **MESSAGE,
                "src_endpoint.ip": Ip(f("leased")),
                "src_endpoint.mac": f("client"),
                "src_endpoint.uid": f("client"),
                "dst_endpoint.ip": Ip(f("router")),
                "dst_endpoint.hostname": f("model"),
                "status_detail": Lookup(f("deed"), {"no offers": "no offers"}),
            },
        ),
        Rule(
            name="rogue access point",
            class_uid=2004,
            activity_id=1,
            severity_id=3,
            when=(("type", frozenset({"rogue_ssid_detected", "ssid_spoofing_detected"})),),
            tree={
                **MESSAGE,
                "finding_info.uid": Join((f("type"), f("bssid")), "/"),
                "finding_info.title": f("type"),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.uid": f("src"),
                                "src_endpoint.mac": f("src"),
                                "dst_endpoint.uid": f("dst"),
                                "dst_endpoint.mac": f("dst"),
                            }
                        ),
                    )
                ),
                "unmapped.ssid": f("ssid"),
                "unmapped.bssid": f("bssid"),
                "unmapped.wired_mac": f("wired_mac"),
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
                "user.name": f("identity", "user", "user_id", "client_mac", "mac", "type"),
                "service.name": First((f("model"), f("kind"))),
                "src_endpoint.ip": Ip(f("client_ip", "remote_ip", "peer_ip", "ip", "peer")),
                "src_endpoint.mac": f("client_mac", "mac"),
                "dst_endpoint.hostname": f("model"),
                "status_id": Lookup(Match(f("type"), r"(failure)"), {"failure": 2}, default=1),
            },
        ),
        Rule(name="other", class_uid=0, tree=MESSAGE),
    ),
)
