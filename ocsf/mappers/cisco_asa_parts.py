"""The messages of Cisco ASA and FTD: one pattern for each kind, with the groups its rule reads."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

# A relay's header may stand before the device's own time.
RELAYED = r"(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?[\d:.]{8,18}(?: [A-Z]{2,5})? ?: )?"
HEAD = rf"^{RELAYED}%(?P<device>[A-Z]{{2,5}})-(?:[A-Za-z_]+-)?(?P<level>\d)-(?P<id>\d{{6}}):? *"


def _end(name: str, *, port: str = r"/(?P<{0}_port>\d+)") -> str:
    """Give the pattern of `interface:address/port`, the interface and the user optional."""
    return rf"(?:(?P<{name}_if>[^\s:/]+):)?(?P<{name}>[^\s/()]+)" + port.format(name)


OPTIONAL = r"(?:/(?P<{0}_port>\d+))?"
# The translated address, the user by name or in parentheses.
NAT = r"(?: ?\([^()\\]*\))*(?: ?\((?P<src_user>[^()]*)\))?(?: [^\s()]+)?"
DST_NAT = r"(?: ?\([^()]*(?:/\d+|[.:][^()\\]*)\)?)?(?: ?\((?P<user>[^()]+)\))?"
END_NAT = r"(?: ?\([^()]*\))?(?: [^\s()]+)?"
SRC, DST = _end("src"), _end("dst")
SRC_OPTIONAL, DST_OPTIONAL = _end("src", port=OPTIONAL), _end("dst", port=OPTIONAL)
WHO = r"Group <?(?P<group>[^>]*?)>? User <?(?P<user>[^>]*?)>? IP <?(?P<src>[^\s>]+)>?"
WORD = r"(?P<proto>[A-Za-z0-9-]+)"
BYPASS = r"(?:state-bypass )?"
PEER = r"(?:Group = (?P<group>[^,]*), )?(?:Username = (?P<user>[^,]*), )?IP = (?P<src>[^,\s]+), "
IKE = (
    r"Local:(?P<dst>\S+):(?P<dst_port>\d+) Remote:(?P<src>\S+):(?P<src_port>\d+)"
    r" Username:(?P<user>.*?)"
)

PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "built",
        rf"Built inbound {WORD} {BYPASS}connection (?P<conn>\d+) for {SRC}{NAT} to {DST}{DST_NAT}",
    ),
    (
        "built",
        rf"Built outbound {WORD} {BYPASS}connection (?P<conn>\d+) for {DST}{NAT} to {SRC}{DST_NAT}",
    ),
    (
        "built",
        rf"Built {WORD} {BYPASS}connection (?P<conn>\d+) for {SRC}{NAT} to {DST}{DST_NAT}",
    ),
    (
        "built",
        rf"Built (?:director|backup|forwarder) +stub {WORD} connection for {SRC}{NAT} to {DST}{DST_NAT}",
    ),
    (
        "built",
        r"Built inbound (?P<proto>ICMP|ICMPv6) connection for faddr (?P<src>[^\s/]+)/\d+\S* "
        r"(?:gaddr \S+ )?laddr (?P<dst>[^\s/]+)/\d+",
    ),
    (
        "built",
        r"Built (?:outbound )?(?P<proto>ICMP|ICMPv6) connection for faddr (?P<dst>[^\s/]+)/\d+\S* "
        r"(?:\([^)]*\) )?(?:gaddr \S+ )?laddr (?P<src>[^\s/]+)/\d+",
    ),
    (
        "torn",
        rf"Teardown {WORD} {BYPASS}connection (?P<conn>\d+) (?:for|from) {SRC}{NAT} to {DST}{END_NAT} "
        r"duration (?P<duration>[\d:]+) bytes (?P<bytes>\d+)(?: (?P<reason>[^()]+?))?"
        r"(?: from \S+)?(?: \((?P<user>[^()]+)\))?$",
    ),
    (
        "torn",
        rf"Teardown stub {WORD} connection for {SRC}{NAT} to {DST}{END_NAT} "
        r"duration (?P<duration>[\d:]+) forwarded bytes (?P<bytes>\d+)(?: (?P<reason>.+))?$",
    ),
    (
        "torn",
        r"Teardown (?P<proto>ICMP|ICMPv6) connection for faddr (?P<dst>[^\s/]+)/\d+\S* "
        r"(?:\([^)]*\) )?(?:gaddr \S+ )?laddr (?P<src>[^\s/]+)/\d+",
    ),
    (
        "translated",
        rf"(?P<verb>Built|Teardown) (?:\w+ )?(?P<proto>\w+) translation from "
        rf"{SRC_OPTIONAL}{NAT} to {DST_OPTIONAL}",
    ),
    (
        "denied",
        rf"Deny (?:protocol )?{WORD} src {SRC_OPTIONAL}(?:\([^)]*\))? dst "
        rf"{DST_OPTIONAL}(?:\([^)]*\))?"
        r'(?: \(?type (?P<icmp_type>\d+), code \d+\)?,?)?(?: by access-group "(?P<rule>[^"]+)")?',
    ),
    (
        "listed",
        rf"access-list (?P<rule>\S+) (?P<verdict>permitted|denied|est-allowed) {WORD} "
        r"(?P<src_if>[^\s/]+)/(?P<src>[^\s(]+)\((?P<src_port>\d+)\)\S* -> "
        r"(?P<dst_if>[^\s/]+)/(?P<dst>[^\s(]+)\((?P<dst_port>\d+)\)",
    ),
    ("denied", rf"Inbound {WORD} connection denied from {SRC} to {DST}"),
    ("denied", rf"Deny inbound {WORD} from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    ("denied", rf"Deny inbound (?:protocol )?{WORD} src {SRC_OPTIONAL} dst {DST_OPTIONAL}"),
    ("denied", rf"Deny {WORD} \(no connection\) from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "denied",
        rf"Deny {WORD} (?:reverse path check|teardrop fragment\S*|spoof) from \(?"
        rf"{SRC_OPTIONAL}\)? to {DST_OPTIONAL}",
    ),
    (
        "denied",
        rf"Denied {WORD} type=(?P<icmp_type>\d+), (?:code=\d+,? )?from (?:laddr )?"
        r"(?P<src>[^\s/()]+)(?: on interface (?P<src_if>\S+))?(?: to (?P<dst>[^\s:]+))?",
    ),
    (
        "denied",
        r"Deny (?P<proto>[A-Za-z]+) from (?P<src>\S+) to (?P<dst>[^\s,]+), IP options",
    ),
    ("denied", rf"{WORD} access denied by ACL from {SRC} to {DST}"),
    ("denied", rf"{WORD} request discarded from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    ("denied", rf"Dropping {WORD} \S+ from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "denied",
        rf"(?:Failed to locate egress interface|Routing fa"
        rf"iled \S+ \S+ \S+ \S+) for {WORD} (?:\S+ )?from {SRC_OPTIONAL} to "
        rf"{DST_OPTIONAL}",
    ),
    (
        "denied",
        r"No matching connection for ICMP error message: (?P<proto>icmp\S*) src "
        r"(?:(?P<src_if>[^\s:]+):)?(?P<src>[^\s(]+)(?:\((?P<src_user>[^()]*)\))? dst "
        r"(?:(?P<dst_if>[^\s:]+):)?(?P<dst>[^\s(]+)(?:\([^()]*\))?"
        r" \(type (?P<icmp_type>\d+), code \d+\)",
    ),
    ("denied", rf"SFR requested to drop {WORD} packet from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "stopped",
        rf"{WORD} flow from {SRC_OPTIONAL} to {DST_OPTIONAL} terminated by inspection engine, "
        r"reason - (?P<reason>.+)$",
    ),
    (
        "handshake",
        rf"(?P<verb>Starting|Device completed) SSL handshake with (?:client|server) {SRC}"
        r"(?: to (?P<dst>[^\s/]+)/(?P<dst_port>\d+))?(?: for (?P<service>\S+) session)?",
    ),
    (
        "handshake",
        rf"(?P<verb>SSL session) with (?:client|server) {SRC}"
        r"(?: to (?P<dst>[^\s/]+)/(?P<dst_port>\d+))? terminated",
    ),
    (
        "ftp",
        rf"FTP connection from {SRC} to {DST}, user (?P<user>\S+) "
        r"(?P<verb>Stored|Retrieved) file (?P<file>.+)$",
    ),
    (
        "listed_host",
        rf"Dynamic Filter (?P<verdict>\w+) (?P<title>\w+ ?listed) {WORD} traffic from {SRC}{END_NAT}"
        rf" to {DST}(?: ?\([^()]*\))?,? (?:source|destination) (?P<place>\S+) resolved from "
        r"(?P<list>\w+) list: (?P<entry>[^\s,]+)"
        r"(?:, threat-level: (?P<threat>[\w-]+), category: (?P<category>.+))?",
    ),
    ("permitted", rf"{WORD} access (?:permitted|requested) from {SRC} to {DST}"),
    ("ids", rf"IDS:(?P<signature>\d+) (?P<title>.+?) from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "ids",
        rf"(?P<title>Duplicate TCP SYN|Possible ARP attack|Land attack|SYN flood"
        rf"\S*) from {SRC_OPTIONAL} to {DST_OPTIONAL}",
    ),
    ("ids", r"\[ *(?P<src>[0-9A-Fa-f]+[.:][0-9A-Fa-f.:]+)\] (?P<title>drop rate-\d exceeded)"),
    ("ids", r"(?P<title>\[[^\]]{1,80}\] drop rate-\d exceeded)"),
    (
        "ids",
        r"(?P<title>(?:Threat|\[.+?\] drop rate|Shunned|Host .{1,80} is scanning"
        r"|Scanning)\b.*)$",
    ),
    (
        "login",
        r"AAA user (?:authentication|authorization) (?P<verdict>Successful|Rejected|Locked out) ?: ?"
        r"(?:reason = (?P<reason>[^:]+?) ?: )?(?:server = +(?P<server>\S+?)|local "
        r"database) ?[:,] (?i:user) = ?(?P<user>.*?) *(?:: user IP = (?P<src>\S+))?$",
    ),
    (
        "login",
        r"AAA transaction status (?P<verdict>ACCEPT|REJECT) ?: user = (?P<user>.*?) *$",
    ),
    (
        "login",
        r"Attempted console login (?P<verdict>failed)\. User (?P<user>.*?)"
        r" (?P<reason>did NOT have appropriate Admin Rights)",
    ),
    (
        "login",
        r"Authentication: (?P<verdict>successful|rejected), group = (?P<group>.*?) user = "
        r"(?P<user>.*?) , Session Type: (?P<service>[^.]+)",
    ),
    (
        "login",
        rf"Login (?P<verdict>permitted|denied) from {SRC} to "
        rf"{_end('dst', port=r'/(?P<service>[A-Za-z]+|[0-9]+)')}"
        r' for user "(?P<user>[^"]*)"',
    ),
    (
        "login",
        r"User authentication (?P<verdict>succeeded|failed): "
        r"(?:IP (?i:address): (?P<src>[^\s,]+), )?"
        r"Uname: (?P<user>\S+)",
    ),
    (
        "login",
        rf"Authentication (?P<verdict>succeeded|failed|permitted|denied) for user"
        rf" '(?P<user>[^']*)' from {SRC_OPTIONAL} to {DST_OPTIONAL}",
    ),
    (
        "login",
        rf"{WHO} Authentication: (?P<verdict>successful|rejected)(?:, Session Typ"
        rf"e: (?P<service>[^.]+))?",
    ),
    ("logout", r"User logged out: Uname: (?P<user>\S+)"),
    (
        "logout",
        r"(?P<service>SSH) session from (?:(?P<src>\S+) )?on interface (?P<src_if>\S+) for user "
        r"\"?(?P<user>[^\"]*?)\"? (?:disconnected by SSH server, reason: (?P<reason>.+)"
        r"|terminated normally\.?)$",
    ),
    (
        "vpn_closed",
        r"Group = (?P<group>[^,]*), Username = (?P<user>[^,]*), IP = (?P<src>[^,"
        r"]+), Session disconnected\. "
        r"Session Type: (?P<service>[^,]+), Duration: (?P<duration>[^,]+), Bytes"
        r" xmt: (?P<sent>\d+), "
        r"Bytes rcv: (?P<received>\d+), Reason: (?P<reason>.+)$",
    ),
    (
        "vpn_closed",
        rf"{WHO} (?P<service>WebVPN|AnyConnect|SVC|TCP|UDP|DTLS|TLS|IPsec)[A-Za-z -]* "
        r"(?:terminated|closed|ended)\S*(?: (?P<reason>.+))?$",
    ),
    (
        "vpn_opened",
        rf"{WHO} (?P<service>WebVPN|AnyConnect|SVC|TCP|UDP|DTLS|TLS|IPsec)[A-Za-z -]* "
        r"(?:started|established)",
    ),
    (
        "vpn_refused",
        rf"{WHO} (?P<reason>(?:Session (?:could not be established|terminated)|Unable to create"
        r"|(?:AnyConnect|WebVPN) session not allowed|User ACL .* terminating connection).*)$",
    ),
    (
        "vpn_replaced",
        rf"{WHO} (?P<verb>New) (?P<service>SVC|TCP|UDP)(?: SVC)? connection replacing old",
    ),
    (
        "vpn_closed",
        rf"{WHO} (?P<reason>Stale) (?P<service>SVC|TCP|UDP)(?: SVC)? connection closed",
    ),
    (
        "vpn_replaced",
        rf"{WHO} (?P<service>AnyConnect|WebVPN) session (?P<verb>resumed|lost)\b.*$",
    ),
    (
        "vpn_opened",
        rf"{WHO} (?:First )?(?P<service>TCP|UDP|SVC)(?: SVC)? connection established",
    ),
    (
        "vpn_opened",
        r"\([^)]*\) (?P<service>\w+) session for client user (?P<user>.+?), IP(?:v[46])? "
        r"(?P<src>\S+) has been created",
    ),
    (
        "vpn_closed",
        r"\([^)]*\) (?P<service>\w+) session for client user (?P<user>.+?), IP(?:v[46])? "
        r"(?P<src>\S+) has been deleted",
    ),
    (
        "vpn_opened",
        r"(?P<service>IPSEC): An? (?P<way>\w+) \S+ SA \(SPI= ?(?P<conn>\w+)\) between "
        r"(?P<src>\S+) and (?P<dst>\S+) \(user= ?(?P<user>[^)]*)\) has been created",
    ),
    (
        "vpn_closed",
        r"(?P<service>IPSEC): An? (?P<way>\w+) \S+ SA \(SPI= ?(?P<conn>\w+)\) between "
        r"(?P<src>\S+) and (?P<dst>\S+) \(user= ?(?P<user>[^)]*)\) has been deleted",
    ),
    (
        "vpn_opened",
        rf"{IKE} (?P<service>IKEv2) Group:(?P<group>\S+) IPv4 Address=(?P<assigned>\S+) .*assigned",
    ),
    ("vpn_refused", rf"{IKE} (?P<reason>Negotiation aborted.*)$"),
    ("vpn_note", rf"{IKE} (?P<reason>.*)$"),
    (
        "vpn_opened",
        rf"{PEER}Security negotiation complete for (?P<service>LAN-to-LAN|User|peer)",
    ),
    (
        "vpn_opened",
        rf"{WHO} (?:IPv4 )?Address <(?P<assigned>[^>]*)>.* assigned to session",
    ),
    (
        "vpn_opened",
        rf"{PEER}PHASE (?P<phase>\d) COMPLETED",
    ),
    ("vpn_note", rf"{PEER}(?P<reason>.*)$"),
    (
        "command",
        r"User '(?P<user>[^']*)'(?:, running '(?P<service>[^']*)' from IP (?P<src>[^\s,]+))?,? "
        r"executed (?:the |cmd: )?'(?P<command>.*?)'(?: command\.?)?$",
    ),
    ("command", r"User '(?P<user>[^']*)' executed cmd: (?P<command>.+)$"),
    (
        "privilege",
        r"User priv level changed: Uname: (?P<user>\S+) From: (?P<from>\d+) To: "
        r"(?P<to>\d+)",
    ),
    (
        "url",
        r"(?:(?P<user>[^\s@]+)@)?(?P<src>[^\s@(]+)(?:\([^)]*\))? [Aa]ccessed (?P<proto>[A-Z]+ )?URL "
        r"(?:[^\s@:/]+@)?(?P<dst>[^\s:]+):(?P<url>\S+)",
    ),
    (
        "url",
        r"Access (?P<verdict>denied) URL (?P<url>\S+) SRC (?P<src>\S+) DEST (?P<dst>\S+)",
    ),
    ("url", rf'{WHO} WebVPN access (?P<verdict>GRANTED|DENIED): "?(?P<url>[^\s"]+)'),
    ("other", r"(?P<text>.*)$"),
)
