"""DHCP servers in syslog: ISC dhcpd, dnsmasq, Kea's lease lines."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    HERE,
    MESSAGE,
    PROGRAM,
    fallback,
    program_log,
)
from ocsf.mapping import PRESENT, Ip, Lookup, NotIp, Rule, Strip, f, num

MAC = r"(?P<mac>[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5,7})"
TAIL = r"(?: \((?P<name>[^)]*)\))?(?: via (?P<via>\S+?):?)?(?::? (?P<detail>.*))?$"
KINDS = r"^(?P<kind>DHCP(?:DISCOVER|OFFER|REQUEST|ACK|NAK|DECLINE|RELEASE|INFORM|EXPIRE))"
PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "dnsmasq",
        rf"^(?:\d+ )?(?P<kind>DHCP[A-Z]+)\((?P<via>[^)]+)\)(?: (?P<ip>[0-9a-fA-F.:]+))?(?: {MAC})?(?: (?P<name>\S+))?(?P<detail>.*)$",
    ),
    ("dhcpd", rf"{KINDS} from {MAC}{TAIL}"),
    (
        "dhcpd",
        rf"{KINDS} (?:on|for|of) (?P<ip>[0-9.]+)(?: \((?P<server>[0-9.]+)\))? (?:to|from) {MAC}{TAIL}",
    ),
    ("dhcpd", rf"{KINDS} from (?P<ip>[0-9.]+){TAIL}"),
    ("dhcpd", rf"{KINDS} to (?P<ip>[0-9.]+)(?: \({MAC}\))?{TAIL}"),
    (
        "six",
        r"^(?P<kind>Solicit|Request|Renew|Rebind|Release|Decline|Confirm|Information-request) message from (?P<ip>[0-9a-fA-F:.]+) port (?P<port>\d+)(?:, transaction ID (?P<transaction>\S+))?",
    ),
    (
        "six",
        r"^(?P<kind>Advertise|Reply) (?:NA|TA|PD): address (?P<ip>[0-9a-fA-F:.]+)(?:/\d+)? to client with duid (?P<duid>\S+)(?: iaid = (?P<iaid>\S+))?(?: valid for (?P<lease>\d+) seconds)?",
    ),
    (
        "lease",
        rf"^(?:\S+ )?DHCP4_LEASE_(?P<kind>ALLOC|ADVERT|RENEW)\S* \[.*?{MAC}\].*lease (?P<ip>[0-9.]+)",
    ),
)
ACTIVITIES = {
    "dhcpdiscover": 1, "dhcpoffer": 2, "advert": 2, "dhcprequest": 3, "dhcpdecline": 4, "dhcpack": 5, "alloc": 5,
    "renew": 5, "solicit": 1, "advertise": 2, "request": 3, "rebind": 3, "decline": 4, "reply": 5, "release": 7,
    "information-request": 8, "dhcpnak": 6, "dhcprelease": 7, "dhcpinform": 8, "dhcpexpire": 9,
}  # fmt: skip

MAPPER = program_log(
    name="dhcp_text",
    title="dhcpd, dnsmasq DHCP in syslog",
    made_by=("DHCP server", "Unknown"),
    layouts=(
        Layout(
            name="dhcp",
            apps=frozenset({"dhcpd", "dnsmasq-dhcp", "dhcpd3", "kea-dhcp4", "isc-dhcp-server"}),
            patterns=PATTERNS,
        ),
    ),
    rules=(
        Rule(
            name="message",
            class_uid=4004,
            activity_id=Lookup(f("kind"), ACTIVITIES, other=99, default=0),
            when=(("kind", PRESENT),),
            tree={
                **MESSAGE,
                **PROGRAM,
                **HERE,
                "src_endpoint.ip": Ip(f("ip")),
                "src_endpoint.mac": f("mac"),
                "src_endpoint.port": num("port", maximum=65_535),
                "src_endpoint.uid": f("duid"),
                "transaction_uid": f("transaction"),
                "src_endpoint.hostname": NotIp(f("name")),
                "src_endpoint.interface_name": f("via"),
                "relay.ip": Ip(f("via")),
                "status_detail": Strip(f("detail"), " "),
                "unmapped.server": f("server"),
                "lease_dur": num("lease"),
            },
        ),
        fallback(),
    ),
)
