"""What goes on beside the working day: an office suite, a developer's builds, a server's chores."""

from __future__ import annotations

from random import Random

from schemas.scenario import IncidentSpec, Noise
from sentree.evals.generate import linux, office, windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, HOUR, MINUTE, Host, World

SYSTEM32 = "C:\\Windows\\System32\\"
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
_OFFICE_DEEDS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("MailItemsAccessed", "Exchange", {"MailAccessType": "Bind"}),
    ("MailItemsAccessed", "Exchange", {"MailAccessType": "Sync"}),
    ("Send", "Exchange", {}),
    ("MoveToDeletedItems", "Exchange", {}),
    ("HardDelete", "Exchange", {}),
    ("FileAccessed", "SharePoint", {}),
    ("FileAccessed", "SharePoint", {}),
    ("FileDownloaded", "SharePoint", {}),
    ("FileModified", "SharePoint", {}),
    ("UserLoggedIn", "AzureActiveDirectory", {}),
)
_OFFICE_CHANGES: tuple[tuple[str, str, str | None, dict[str, object]], ...] = (
    ("New-InboxRule", "Exchange", None, {"Name": "news", "MoveToFolder": "Newsletters"}),
    ("User registered security info", "AzureActiveDirectory", None, {}),
    ("Consent to application.", "AzureActiveDirectory", "Poll", {"Scope": "User.Read openid"}),
    ("SharingSet", "SharePoint", "https://harborlane.sharepoint.com/sites/team/plan.docx", {}),
)
_NODE = "C:\\Program Files\\nodejs\\"
_BUILDS = ("install", "ci", "run build", "test")
_BUILD_SCRIPTS = (
    "node install.js",
    "node-gyp rebuild",
    "tsc -p tsconfig.json",
    "husky install",
    "jest --ci",
    "node scripts/postinstall.js",
)
_LINUX_CHORES = (
    ("/usr/bin/systemctl", ("systemctl", "reload", "nginx"), 0),
    ("/usr/bin/ps", ("ps", "-eo", "pid,pcpu"), 1001),
    ("/usr/bin/uname", ("uname", "-r"), 0),
    ("/usr/bin/find", ("find", "/var/tmp", "-mtime", "+7", "-delete"), 0),
    ("/usr/bin/curl", ("curl", "-fsS", "http://127.0.0.1/health"), 1001),
    ("/usr/bin/ss", ("ss", "-tln"), 1001),
    ("/usr/bin/tar", ("tar", "-czf", "/var/backups/etc.tgz", "/etc"), 0),
    ("/usr/bin/gzip", ("gzip", "-9", "/var/log/nginx/access.log.1"), 0),
)

BESIDE_PERCENT = 8


class BesideWork:
    """Makes an hour's records beside the working day, with numbers of its own.

    The numbers are its own so that the working day stays as it is whatever stands beside it.
    """

    def __init__(self, world: World, spec: IncidentSpec) -> None:
        self._world = world
        self._spec = spec
        self._rng = Random(f"{spec.seed}:beside")

    def hour(self, start: int, made: int, *, working: bool) -> list[Emission]:
        """Give an office suite's records, package builds and a server's chores of an hour.

        Args:
            start: the hour's first instant.
            made: how many records the working day made in it.
            working: whether people are at work.
        """
        found: list[Emission] = []
        kinds = (self._office, self._office, self._office, self._development, self._chore)
        for _ in range(made * BESIDE_PERCENT // 100 // (1 if working else 3)):
            time = start + self._rng.randrange(HOUR - MINUTE)
            found += self._rng.choice(kinds)(time, self._rng.choice(self._world.hosts))
        return found

    def _office(self, time: int, host: Host) -> list[Emission]:
        """Mail, files and sign-ins of people at the office and at home."""
        rng = self._rng
        number = rng.randrange(len(self._world.people))
        user = self._world.people[number].name
        ip = "198.51.100.20" if rng.random() < 0.85 else f"198.51.100.{150 + number % 40}"
        site = f"https://{DOMAIN.partition('.')[0]}.sharepoint.com/sites/team"
        rare = rng.random()
        if rare < 0.01 and self._spec.noise is not Noise.NONE:
            name, service, resource, data = rng.choice(_OFFICE_CHANGES)
            return [
                office.operation(
                    time, rng, name, service, user, ip, resource=resource, data=dict(data)
                )
            ]
        name, service, data = rng.choice(_OFFICE_DEEDS)
        resource = f"{site}/plan-{rng.randrange(300)}.docx" if service == "SharePoint" else None
        agent = AGENT if name == "UserLoggedIn" else None
        return [
            office.operation(
                time, rng, name, service, user, ip, resource=resource, data=dict(data), agent=agent
            )
        ]

    def _development(self, time: int, host: Host) -> list[Emission]:
        """A developer installs packages, whose scripts start a shell, and builds."""
        if host is not self._world.workstations[-1]:
            return []
        owner = self._world.owner(host)
        line = f'node.exe "{_NODE}node_modules\\npm\\bin\\npm-cli.js" {self._rng.choice(_BUILDS)}'
        node = windows.running(self._rng, host, owner, f"{_NODE}node.exe", line)
        command = self._rng.choice(_BUILD_SCRIPTS)
        image, line = SYSTEM32 + "cmd.exe", f"cmd.exe /d /s /c {command}"
        return windows.process_start(time, self._rng, node, image, line)[1]

    def _chore(self, time: int, host: Host) -> list[Emission]:
        exe, args, uid = self._rng.choice(_LINUX_CHORES)
        return linux.executed(time, self._rng, exe, args, uid)
