"""A company's ordinary days: work hours, services, updates, and administrators at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from schemas.scenario import IncidentSpec, Noise
from sentree.evals.generate import audit, cloud, linux, mail, network, windows
from sentree.evals.generate.beside import AGENT, SYSTEM32, BesideWork
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.surroundings import activities
from sentree.evals.generate.windows import Process
from sentree.evals.generate.world import (
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    SYSTEM,
    Host,
    User,
    World,
    guid,
    to_datetime,
)

_OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
_BROWSER = "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"
_CURRENT_VERSION = "Software\\Microsoft\\Windows\\CurrentVersion"
_DESKTOP_PROGRAMS = (
    (_OFFICE + "OUTLOOK.EXE", '"{}"'),
    (_OFFICE + "WINWORD.EXE", '"{}" /n "C:\\Users\\{user}\\Documents\\notes-{n}.docx"'),
    (_OFFICE + "EXCEL.EXE", '"{}" "C:\\Users\\{user}\\Documents\\budget-{n}.xlsx"'),
    (_BROWSER, '"{}" --type=renderer --lang=en-US --renderer-client-id={n}'),
    ("C:\\Users\\{user}\\AppData\\Local\\Microsoft\\Teams\\current\\Teams.exe", '"{}"'),
    (SYSTEM32 + "notepad.exe", '"{}" C:\\Users\\{user}\\Desktop\\todo-{n}.txt'),
    ("C:\\Program Files\\7-Zip\\7zFM.exe", '"{}" "C:\\Users\\{user}\\Downloads\\pack-{n}.zip"'),
    (SYSTEM32 + "cmd.exe", '"{}"'),
)
_SERVICE_PROGRAMS = (
    (SYSTEM32 + "svchost.exe", "{} -k netsvcs -p -s Schedule"),
    (SYSTEM32 + "svchost.exe", "{} -k netsvcs -p -s wuauserv"),
    (SYSTEM32 + "taskhostw.exe", "{} Install $(Arg0)"),
    (SYSTEM32 + "wbem\\WmiPrvSE.exe", "{} -secured -Embedding"),
    (SYSTEM32 + "SearchProtocolHost.exe", '"{}" Global\\UsGthrFltPipeMssGthrPipe{n}'),
    (SYSTEM32 + "backgroundTaskHost.exe", '"{}" -ServerName:App.AppX{n}.mca'),
    (SYSTEM32 + "wermgr.exe", '"{}" -upload'),
    ("C:\\Program Files\\Windows Defender\\MpCmdRun.exe", '"{}" SignatureUpdate -ScheduleJob'),
    (
        "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe",
        '"{}" /ua /installsource scheduler',
    ),
    (SYSTEM32 + "sc.exe", "{} start wuauserv"),
)
_ADMIN_COMMANDS = (
    (SYSTEM32 + "ipconfig.exe", "ipconfig /all"),
    (SYSTEM32 + "whoami.exe", "whoami"),
    (SYSTEM32 + "whoami.exe", "whoami /groups"),
    (SYSTEM32 + "net.exe", 'net group "Domain Admins" /domain'),
    (SYSTEM32 + "quser.exe", "quser"),
    (SYSTEM32 + "net.exe", "net use S: \\\\FS01\\Deploy"),
    (SYSTEM32 + "nltest.exe", "nltest /dsgetdc:" + "harborlane"),
    (SYSTEM32 + "schtasks.exe", "schtasks /query /fo LIST /v"),
    (SYSTEM32 + "sc.exe", "sc query state= all"),
    (SYSTEM32 + "wevtutil.exe", "wevtutil qe System /c:20 /rd:true /f:text"),
    (SYSTEM32 + "vssadmin.exe", "vssadmin list shadows"),
    (SYSTEM32 + "gpupdate.exe", "gpupdate /force"),
    (
        SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe",
        "powershell.exe -ExecutionPolicy Bypass -File C:\\Scripts\\Get-Inventory.ps1",
    ),
)
_SCRIPTS = (
    "Get-ADUser -Filter * -Properties LastLogonDate | Export-Csv C:\\Scripts\\out\\users.csv",
    "Get-Service | Where-Object Status -eq 'Stopped' | Format-Table Name, Status",
    "Get-ChildItem C:\\inetpub\\logs -Recurse | Measure-Object -Property Length -Sum",
    "prompt",
    "Import-Module ActiveDirectory; Get-ADComputer -Filter * | Select-Object Name",
)
_FALSE_ALARMS = (
    ("Unsigned program with few observations", "T1204.002"),
    ("Administrative tool used", "T1033"),
    ("Macro in a document from the network", "T1204.002"),
)
_READS = (
    ("DescribeInstances", "ec2.amazonaws.com"),
    ("ListBuckets", "s3.amazonaws.com"),
    ("GetBucketAcl", "s3.amazonaws.com"),
    ("DescribeAlarms", "monitoring.amazonaws.com"),
    ("GetCallerIdentity", "sts.amazonaws.com"),
    ("ListUsers", "iam.amazonaws.com"),
    ("LookupEvents", "cloudtrail.amazonaws.com"),
)

_LINUX_PROGRAMS = (
    ("/usr/sbin/logrotate", ("logrotate", "/etc/logrotate.conf"), 0),
    ("/usr/bin/apt-get", ("apt-get", "-qq", "update"), 0),
    ("/usr/bin/rsync", ("rsync", "-a", "/srv/www/", "backup:/srv/www/"), 1001),
    ("/usr/bin/id", ("id", "-u"), 1001),
    ("/usr/bin/df", ("df", "-h"), 1001),
    ("/usr/bin/php", ("php", "/srv/www/cron.php"), 33),
    ("/usr/bin/systemctl", ("systemctl", "is-active", "nginx"), 0),
)
_PAGES = (
    ("/", 200),
    ("/catalog?page={n}", 200),
    ("/media/img-{n}.webp", 200),
    ("/search?q=anchor+{n}", 200),
    ("/account/login", 200),
    ("/old/{n}", 404),
    ("/health", 200),
)

Activity = Callable[[int, Host], list[Emission]]


class Background:
    """Makes benign records hour by hour; a part's size follows the working day."""

    def __init__(self, world: World, spec: IncidentSpec) -> None:
        self._world = world
        self._spec = spec
        self._rng = Random(f"{spec.seed}:background")
        self._beside = BesideWork(world, spec)
        self._services = {
            host.name: windows.running(self._rng, host, SYSTEM, SYSTEM32 + "services.exe")
            for host in world.hosts
        }
        self._lsass = {
            host.name: windows.running(self._rng, host, SYSTEM, SYSTEM32 + "lsass.exe")
            for host in world.hosts
        }
        self._shells = {
            host.name: windows.running(
                self._rng, host, world.owner(host), "C:\\Windows\\explorer.exe"
            )
            for host in world.hosts
        }
        odd = {Noise.NONE: 0, Noise.NORMAL: 2, Noise.HIGH: 8}[spec.noise]
        further = tuple(
            (partial(self._further, make), weight) for make, weight in activities(spec.playbook)
        )
        self._by_day = self._table(
            (self._program, 20),
            (self._service, 10),
            (self._browse, 22),
            (self._lookup, 10),
            (self._logon, 9),
            (self._share, 8),
            (self._file, 7),
            (self._registry, 6),
            (self._access, 4),
            (self._cloud, 4),
            (self._identity, 2),
            (self._syslog, 4),
            (self._audited, 3),
            (self._web, 4),
            (self._mail, 3),
            (self._resolver, 3),
            (self._administration, odd),
            *further,
        )
        self._by_night = self._table(
            (self._service, 34),
            (self._lookup, 22),
            (self._logon, 12),
            (self._registry, 10),
            (self._access, 6),
            (self._backup, 6),
            (self._cloud, 3),
            (self._syslog, 7),
            (self._audited, 4),
            (self._web, 4),
            (self._resolver, 3),
            *further,
        )

    @staticmethod
    def _table(*rows: tuple[Activity, int]) -> tuple[Activity, ...]:
        return tuple(activity for activity, weight in rows for _ in range(weight))

    def hours(self) -> Iterator[list[Emission]]:
        """Give the benign records of each hour from start to end, unsorted."""
        starts = range(self._world.start, self._world.end, HOUR)
        weights = [self._weight(start) for start in starts]
        total, owed = sum(weights), 0.0
        for start, weight in zip(starts, weights, strict=True):
            owed += self._spec.benign_events * weight / total
            made = self._hour(start, int(owed))
            owed -= len(made)
            yield made + self._beside.hour(start, len(made), working=self._working(start))

    def _working(self, start: int) -> bool:
        instant = to_datetime(start)
        return instant.weekday() < 5 and 8 <= instant.hour < 18

    def _weight(self, start: int) -> float:
        return 1.0 if self._working(start) else 0.25

    def _hour(self, start: int, budget: int) -> list[Emission]:
        made: list[Emission] = []
        # Every machine says something every twenty minutes, day and night: silence has a meaning.
        pulses = [(host, n) for n in range(3) for host in self._world.hosts]
        for host, n in pulses[: max(0, budget // 2)]:
            time = start + n * 20 * MINUTE + self._rng.randrange(20 * MINUTE)
            made.append(self._pulse(time, host))
        activities = self._by_day if self._working(start) else self._by_night
        while len(made) < budget:
            time = start + self._rng.randrange(HOUR - MINUTE)
            made += self._rng.choice(activities)(time, self._rng.choice(self._world.hosts))
        return made

    def _further(
        self, make: Callable[[int, Random, World, Host], list[Emission]], time: int, host: Host
    ) -> list[Emission]:
        return make(time, self._rng, self._world, host)

    def _pulse(self, time: int, host: Host) -> Emission:
        process = self._services[host.name]
        name, answer = f"time.{self._world.dc.name.lower()}.example", self._world.dc.ip
        return windows.dns_query(time, self._rng, process, name, answer)

    def _start(self, time: int, parent: Process, image: str, line: str) -> list[Emission]:
        number = self._rng.randrange(1, 400)
        path = image.replace("{user}", parent.user.name)
        text = line.format(path, user=parent.user.name, n=number)
        return windows.process_start(time, self._rng, parent, path, text)[1]

    def _program(self, time: int, host: Host) -> list[Emission]:
        if host.role != "workstation":
            return self._service(time, host)
        return self._start(time, self._shells[host.name], *self._rng.choice(_DESKTOP_PROGRAMS))

    def _service(self, time: int, host: Host) -> list[Emission]:
        return self._start(time, self._services[host.name], *self._rng.choice(_SERVICE_PROGRAMS))

    def _administration(self, time: int, host: Host) -> list[Emission]:
        rng, admin = self._rng, self._world.admin
        if rng.random() < 0.02:
            path = "C:\\Program Files\\Example Backup\\agent.exe"
            return [audit.service_installed(time, host, "Example Backup Agent", path, SYSTEM)]
        desk = self._world.workstations[-1]
        if rng.random() < 0.04:
            tool = "Windows\\Temp\\agent-setup.exe"
            return [audit.share_access(time, host, admin, desk, "C$", tool, "0x2")]
        logon_id, entry = audit.logon(time, rng, host, admin, rng.choice((3, 3, 10)), desk)
        shell = windows.running(rng, host, admin, SYSTEM32 + "cmd.exe", "cmd.exe")
        image, line = rng.choice(_ADMIN_COMMANDS)
        made = [entry, audit.special_logon(time + MILLISECOND, host, admin, logon_id)]
        child, started = windows.process_start(time + 4 * SECOND, rng, shell, image, line)
        made += started
        if "powershell" in image:
            made.append(audit.script_block(time + 5 * SECOND, rng, child, rng.choice(_SCRIPTS)))
        return made

    def _browse(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        name, ip = rng.choice(self._world.sites)
        user = self._world.owner(host)
        browser = windows.running(rng, host, user, _BROWSER)
        made = network.dns(time, rng, host, self._world.dc, name, ip)
        made.append(windows.dns_query(time, rng, browser, name, ip))
        port = rng.randrange(49152, 65535)
        made.append(windows.connection(time + 40 * MILLISECOND, rng, browser, ip, 443, name, port))
        made += network.ssl(time + 45 * MILLISECOND, rng, host, ip, name, port)
        if rng.random() < 0.15:
            uri = f"/asset/{rng.randrange(9999)}.js"
            made.append(network.http(time + SECOND, rng, host, ip, name, uri, AGENT))
        return made

    def _lookup(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        name, ip = rng.choice(self._world.sites)
        answer = ip if rng.random() < 0.95 else None
        return network.dns(time, rng, host, self._world.dc, name, answer)

    def _logon(self, time: int, host: Host) -> list[Emission]:
        rng, world = self._rng, self._world
        source = rng.choice(world.workstations)
        user = world.owner(source)
        kind = rng.choices((3, 5, 2, 7), (6, 3, 1, 1))[0]
        if kind in (2, 7) and host.role != "workstation":
            kind = 3
        who: User = SYSTEM if kind == 5 else world.owner(host) if kind in (2, 7) else user
        ticket, port = guid(rng), rng.randrange(49152, 65535)
        logon_id, entry = audit.logon(
            time, rng, host, who, kind, source if kind == 3 else None,
            logon_guid=ticket if kind == 3 else None,
        )  # fmt: skip
        made = [entry]
        if kind == 5:
            made.append(audit.special_logon(time + MILLISECOND, host, who, logon_id))
        if kind == 3:
            end = time + rng.randrange(1, 50) * SECOND
            service = f"{host.name}$"
            cipher = "aes256-cts-hmac-sha1-96"
            made.append(audit.logoff(end, host, who, logon_id, kind))
            asked = time - rng.randrange(5, 60) * MILLISECOND
            made.append(
                audit.service_ticket(
                    asked, rng, world.dc, who, source, service, "0x12",
                    logon_guid=ticket, port=port,
                )
            )  # fmt: skip
            made.append(
                network.kerberos(
                    asked, rng, source, world.dc, who.name, f"cifs/{host.fqdn}", cipher, port
                )
            )
        return made

    def _share(self, time: int, host: Host) -> list[Emission]:
        rng, world = self._rng, self._world
        source = rng.choice(world.workstations)
        user = world.owner(source)
        name = f"Projects\\2026\\plan-{rng.randrange(300)}.docx"
        size = rng.randrange(2000, 4_000_000)
        return [
            audit.share_access(time, world.file_server, user, source, "Team", name, "0x1"),
            network.smb_file(
                time + MILLISECOND, rng, source, world.file_server, "OPEN", "Team", name, size
            ),
        ]

    def _file(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        shell = self._shells[host.name]
        path = f"C:\\Users\\{shell.user.name}\\Documents\\draft-{rng.randrange(900)}.docx"
        return [windows.file_created(time, rng, shell, path)]

    def _registry(self, time: int, host: Host) -> list[Emission]:
        rng, owner = self._rng, self._world.owner(host)
        keys = (
            ("HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings", "Binary Data"),
            ("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\LastCheck", "1"),
            (
                f"HKU\\{owner.sid}\\{_CURRENT_VERSION}\\Explorer\\RecentDocs\\{rng.randrange(99)}",
                "Binary Data",
            ),
        )
        return [windows.registry_set(time, rng, self._services[host.name], *rng.choice(keys))]

    def _access(self, time: int, host: Host) -> list[Emission]:
        trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d1e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e"
        source = windows.running(
            self._rng, host, SYSTEM, SYSTEM32 + self._rng.choice(("svchost.exe", "csrss.exe"))
        )
        target = self._lsass[host.name]
        return [windows.process_access(time, self._rng, source, target, "0x1000", trace)]

    def _backup(self, time: int, host: Host) -> list[Emission]:
        rng, world = self._rng, self._world
        logon_id, entry = audit.logon(
            time, rng, world.file_server, world.service, 3, world.app_server
        )
        name = f"Team\\archive-{rng.randrange(99)}.vbk"
        size = rng.randrange(10_000_000, 900_000_000)
        return [
            entry,
            audit.special_logon(time + MILLISECOND, world.file_server, world.service, logon_id),
            network.smb_file(
                time + SECOND,
                rng,
                world.app_server,
                world.file_server,
                "WRITE",
                "Backup",
                name,
                size,
            ),
        ]

    def _cloud(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        name, source = rng.choice(_READS)
        user = rng.choice(("deploy.bot", "cloud.ops", self._world.people[0].name))
        ip = "198.51.100.20"
        agent = "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64"
        chance = rng.random()
        if chance < 0.01:
            wanted: dict[str, object] = {"userName": "deploy.bot"}
            name, source = "CreateAccessKey", "iam.amazonaws.com"
            return [cloud.api_call(time, rng, name, source, "cloud.ops", ip, agent, request=wanted)]
        if chance < 0.06:
            agent = AGENT
            return [
                cloud.api_call(
                    time,
                    rng,
                    "ConsoleLogin",
                    "signin.amazonaws.com",
                    user,
                    ip,
                    agent,
                    response={"ConsoleLogin": "Success"},
                )
            ]
        denied = "AccessDenied" if rng.random() < 0.03 else None
        return [
            cloud.api_call(time, rng, name, source, user, ip, agent, error=denied, read_only=True)
        ]

    def _identity(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        if rng.random() < 0.03:
            title, technique = rng.choice(_FALSE_ALARMS)
            owner = self._world.owner(host)
            return [cloud.detection_finding(time, rng, host, owner, title, technique, 2)]
        user = rng.choice(self._world.people).name
        good = rng.random() < 0.96
        factor = "Push Notification" if good else None
        return [cloud.sign_in(time, rng, user, "198.51.100.20", success=good, factor=factor)]

    def _syslog(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        pid = rng.randrange(300, 99999)
        lines = (
            ("CRON", "(root) CMD (/usr/local/bin/rotate-metrics)"),
            ("sshd", f"Accepted publickey for deploy from {self._world.app_server.ip} port {pid}"),
            ("systemd", "Started Daily apt download activities."),
            ("sshd", f"Failed password for invalid user test from 192.0.2.200 port {pid} ssh2"),
        )
        tag, text = rng.choices(lines, (4, 2, 1, 1))[0]
        return [cloud.syslog(time, tag, pid, text)]

    def _audited(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        exe, args, uid = rng.choice(_LINUX_PROGRAMS)
        return linux.executed(time, rng, exe, args, uid)

    def _web(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        client = f"198.51.100.{rng.randrange(100, 140)}"
        uri, status = rng.choice(_PAGES)
        page = uri.format(n=rng.randrange(4000))
        return [linux.requested(time, rng, client, "GET", page, status, AGENT)]

    def _mail(self, time: int, host: Host) -> list[Emission]:
        rng = self._rng
        to = rng.choice(self._world.people).name
        number = rng.randrange(900)
        return [
            mail.message(
                time, rng, f"news@vendor{rng.randrange(40)}.example", to, f"Offer {number}"
            )
        ]

    def _resolver(self, time: int, host: Host) -> list[Emission]:
        name, ip = self._rng.choice(self._world.sites)
        return [mail.resolved(time, self._rng, host, name, ip)]
