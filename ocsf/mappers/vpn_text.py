"""VPN servers' own logs: OpenVPN, WireGuard in the kernel, strongSwan."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    FAILURE,
    HERE,
    MESSAGE,
    SOURCE,
    SUCCESS,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import First, Lookup, Rule, Tree, c, f, num

CLIENT = r"(?:(?P<user>[^/\s\[]+)/)?(?:\[AF_INET6?\]|(?:tcp|udp)[46]?(?:-server)?:)?\[?(?P<ip>[0-9a-fA-F.:]+?)\]?(?::(?P<port>\d{1,5}))?"
DATED = r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d |\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4} )?(?:us=\d+ )?"
SOMEONE = First((f("user"), f("ip")))
REMOTE: Tree = {"is_remote": c(True), "service.name": Lookup(f("body"), {}, other="VPN")}
TUNNEL: Tree = {
    **MESSAGE,
    **SOURCE,
    **HERE,
    "protocol_name": First(
        (
            Lookup(f("peer"), {}, other="WireGuard"),
            Lookup(f("tunnel"), {}, other="IPsec", default="OpenVPN"),
        )
    ),
    "user.name": f("user"),
    "unmapped.address": f("address"),
    "unmapped.tunnel": f("tunnel"),
    "connection_info.direction_id": c(0),
}

MAPPER = program_log(
    name="vpn_text",
    title="OpenVPN, strongSwan, WireGuard",
    made_by=("VPN server", "open source"),
    limits="Of OpenVPN's file log with its old time format (`Mon Jan  5 …`) the time is read only behind a syslog header.",
    layouts=(
        Layout(
            name="OpenVPN",
            mark=r"(?:Peer Connection Initiated with |TLS: Username/Password authentication (?:succeeded|deferred) for username|TLS Auth Error: |AUTH_FAILED|MULTI: Learn: |MULTI_sva: pool returned|TLS Error: TLS (?:handshake failed|key negotiation failed)|VERIFY (?:OK|ERROR): depth=|SIG(?:TERM|USR1)\[soft,)",
            patterns=(
                (
                    "accepted",
                    DATED
                    + CLIENT
                    + r" TLS: Username/Password authentication succeeded for username '(?P<name>[^']*)'",
                ),
                (
                    "up",
                    DATED
                    + r"(?P<ip>[0-9a-fA-F.:]+?)(?::(?P<port>\d{1,5}))? \[(?P<user>[^\]]+)\] Peer Connection Initiated",
                ),
                ("up", DATED + CLIENT + r" (?:\[(?P<cn>[^\]]*)\] )?Peer Connection Initiated"),
                (
                    "refused",
                    DATED
                    + CLIENT
                    + r" (?:TLS Auth Error: Auth Username/Password verification failed|TLS Auth Error: |SENT CONTROL \[(?P<cn>[^\]]*)\]: 'AUTH_FAILED|VERIFY ERROR: depth=\d+, error=(?P<reason>[^:]+))",
                ),
                ("handshake", DATED + CLIENT + r" TLS Error: (?P<reason>TLS .*?)(?: \(|$)"),
                (
                    "address",
                    DATED
                    + CLIENT
                    + r" MULTI(?:_sva)?: (?:Learn: |pool returned IPv4=)(?P<address>[0-9a-fA-F.:]+)",
                ),
                (
                    "down",
                    DATED
                    + CLIENT
                    + r" SIG\w+\[soft,(?P<reason>[^\]]+)\] received, client-instance",
                ),
                ("other", r"^(?P<text>.*)$"),
            ),
        ),
        Layout(
            name="OpenVPN's checks",
            apps=frozenset({"openvpn", "ovpn-server", "openvpn-server"}),
            patterns=(
                ("accepted", r"^user '(?P<name>[^']*)' authenticated"),
                ("refused", r"^user '(?P<name>[^']*)' could not authenticate"),
                (
                    "handshake",
                    r"^(?:\S+ )?TLS Error: (?P<reason>.*?) (?:in incoming packet )?from \[AF_INET6?\](?P<ip>[0-9a-fA-F.:]+?):(?P<port>\d{1,5})$",
                ),
                ("other", r"^(?P<text>.*)$"),
            ),
        ),
        Layout(
            name="strongSwan",
            apps=frozenset({"charon", "ipsec", "charon-systemd", "strongswan"}),
            patterns=(
                (
                    "accepted",
                    r"authentication of '(?P<user>[^']+)' (?:\((?P<kind>[^)]*)\) )?with (?P<method>.+?) successful",
                ),
                (
                    "refused",
                    r"(?:EAP method (?P<method>\S+) failed for peer (?P<user>\S+)|no trusted \S+ public key found for '(?P<user2>[^']+)'|verification of AUTH payload with(?:out)? .* failed|received AUTHENTICATION_FAILED)",
                ),
                (
                    "tunnel up",
                    r"IKE_SA (?P<tunnel>\S+?)\[\d+\] established between (?P<here>[0-9a-fA-F.:]+)\[[^\]]*\]\.\.\.(?P<ip>[0-9a-fA-F.:]+)\[(?P<user>[^\]]*)\]",
                ),
                (
                    "tunnel down",
                    r"(?:deleting IKE_SA (?P<tunnel>\S+?)\[\d+\] between (?P<here>[0-9a-fA-F.:]+)\[[^\]]*\]\.\.\.(?P<ip>[0-9a-fA-F.:]+)\[(?P<user>[^\]]*)\])",
                ),
                ("other", r"^(?P<text>.*)$"),
            ),
        ),
        Layout(
            name="WireGuard",
            mark=r"\bwireguard: \S+: ",
            patterns=(
                (
                    "no handshake",
                    r"wireguard: (?P<tunnel>\S+): Handshake for peer (?P<peer>\d+) \((?P<ip>[0-9a-fA-F.:\[\]]+?):(?P<port>\d+)\) did not complete",
                ),
                (
                    "tunnel up",
                    r"wireguard: (?P<tunnel>\S+): (?:Receiving handshake response from|Keypair \d+ created for) peer (?P<peer>\d+)(?: \((?P<ip>[0-9a-fA-F.:]+?):(?P<port>\d+)\))?",
                ),
                ("other", r"^(?P<text>.*)$"),
            ),
        ),
    ),
    rules=(
        *(
            Rule(
                name=name,
                class_uid=3002,
                activity_id=1,
                severity_id=severity,
                when=on(name),
                tree={
                    **MESSAGE,
                    **SOURCE,
                    **HERE,
                    **REMOTE,
                    "user.name": First(
                        (
                            f("name", "user", "user2", "cn", "ip"),
                            Lookup(f("body"), {}, other="unknown"),
                        )
                    ),
                    "auth_protocol": f("method"),
                    "status_detail": f("reason"),
                    **outcome,
                },
            )
            for name, severity, outcome in (("accepted", 1, SUCCESS), ("refused", 2, FAILURE))
        ),
        *(
            Rule(
                name=name,
                class_uid=4014,
                activity_id=activity,
                when=on(name),
                tree={
                    **TUNNEL,
                    "session.uid": First((SOMEONE, f("tunnel"))),
                    "tunnel_type_id": c(0),
                    "status_detail": f("reason"),
                    **outcome,
                },
            )
            for name, activity, outcome in (
                ("up", 1, SUCCESS),
                ("tunnel up", 1, SUCCESS),
                ("down", 2, SUCCESS),
                ("tunnel down", 2, SUCCESS),
                ("handshake", 1, FAILURE),
                ("no handshake", 1, FAILURE),
                ("address", 99, SUCCESS),
            )
        ),
        fallback({"unmapped.peer": num("peer")}),
    ),
)
