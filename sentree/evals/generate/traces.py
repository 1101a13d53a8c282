"""The traces that a playbook's steps may leave: each method makes the records of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sentree.evals.generate import audit, cloud, linux, mail, network, office, windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.story import POWERSHELL_EXE, SYSTEM32, Story, encoded
from sentree.evals.generate.windows import Process
from sentree.evals.generate.world import LINUX_HOST, MINUTE, SECOND, SYSTEM, Host, User, guid

Records = list[Emission]
Spec = Mapping[str, Any]


class Traces:
    """Makes the records of traces at the story's present moment; remembers processes by name.

    `beside` collects further records of a step that go with its traces.
    """

    def __init__(self, story: Story, running: Mapping[str, Spec]) -> None:
        self._story = story
        self._rng = story.rng
        self._time = story.now
        self._processes: dict[str, Process] = {}
        self.beside: Records = []
        for name, one in running.items():
            host, user = self.place(one["host"]), self.person(one["user"])
            if isinstance(host, str) or isinstance(user, str):
                raise ValueError(f"process {name} runs on a Windows host, as a known account")
            image = self._image(one["image"])
            line = str(one.get("line", image))
            self._processes[name] = windows.running(self._rng, host, user, image, line)

    def make(self, trace: Spec) -> Records:
        """Make the records of one trace, `after` milliseconds from now."""
        [(name, arguments)] = trace.items()
        given = dict(arguments)
        self._time = self._story.later(int(given.pop("after", 0)))
        maker: Callable[..., Records] = getattr(self, f"_{name}")
        return maker(**given)

    def place(self, name: str) -> Host | str:
        """Give a host by its role or name; what is no Windows host stays a name."""
        world = self._story.world
        roles = {"dc": world.dc, "fs": world.file_server, "app": world.app_server}
        roles["web"] = world.web_server
        for number in range(3):
            roles[f"ws{number + 1}"] = world.workstations[number % len(world.workstations)]
        return roles.get(name) or next((one for one in world.hosts if one.name == name), name)

    def person(self, name: str) -> User | str:
        """Give an account by its part or name; an account of the cloud or of Linux stays a name."""
        world = self._story.world
        parts = {"admin": world.admin, "service": world.service, "SYSTEM": SYSTEM}
        parts |= {"owner": world.people[0], "owner2": world.people[1 % len(world.people)]}
        known = (*world.people, world.admin, world.service)
        return parts.get(name) or next((one for one in known if one.name == name), name)

    def _host(self, name: str) -> Host:
        host = self.place(name)
        if isinstance(host, str):
            raise ValueError(f"{name} is no Windows host")
        return host

    def _user(self, name: str) -> User:
        user = self.person(name)
        return user if isinstance(user, User) else User(user, "S-1-5-21-1-2-3-5999", "staff")

    @staticmethod
    def _image(name: str) -> str:
        if name == "powershell.exe":
            return POWERSHELL_EXE
        return name if "\\" in name else SYSTEM32 + name

    # Windows

    def _process(
        self, *, by: str, image: str, line: str, user: str | None = None, run: str | None = None,
        script: str | None = None,
    ) -> Records:  # fmt: skip
        """A program starts; `script` is appended in the form of -EncodedCommand."""
        text = f"{line} {encoded(script)}" if script else line
        child, records = windows.process_start(
            self._time, self._rng, self._processes[by], self._image(image), text,
            user=self._user(user) if user else None,
        )  # fmt: skip
        if run:
            self._processes[run] = child
        return records

    def _script(self, *, by: str, text: str) -> Records:
        return [audit.script_block(self._time, self._rng, self._processes[by], text)]

    def _file(self, *, by: str, path: str, times: int = 1, every: int = 70) -> Records:
        process = self._processes[by]
        return [
            windows.file_created(
                self._time + n * every * 1000, self._rng, process, path.replace("#", str(n))
            )
            for n in range(times)
        ]

    def _registry(self, *, by: str, key: str, value: str) -> Records:
        return [windows.registry_set(self._time, self._rng, self._processes[by], key, value)]

    def _load(self, *, by: str, path: str, signed: bool = False) -> Records:
        return [windows.image_loaded(self._time, self._rng, self._processes[by], path, signed)]

    def _access(self, *, by: str, target: str, mask: str, trace: str) -> Records:
        process = self._processes[by]
        victim = windows.running(self._rng, process.host, SYSTEM, self._image(target))
        return [windows.process_access(self._time, self._rng, process, victim, mask, trace)]

    def _connect(
        self, *, by: str, ip: str, port: int, name: str = "-", sent: int = 1500,
        received: int = 6000, seconds: float = 2.0, service: str = "ssl",
    ) -> Records:  # fmt: skip
        """A connection as its host and the network sensor see it, with one source port."""
        process, port_from = self._processes[by], self._rng.randrange(49152, 65535)
        return [
            windows.connection(self._time, self._rng, process, ip, port, name, port_from),
            network.conn(
                self._time + 2000, self._rng, process.host, ip, port, service=service,
                duration=seconds, sent=sent, received=received, orig_port=port_from,
            ),
        ]  # fmt: skip

    def _beacon(
        self, *, by: str, ip: str, name: str, every: int, until: Sequence[int], port: int = 443
    ) -> Records:
        """Connections every so many minutes until a moment of the incident."""
        process, end, made = self._processes[by], self._story.moment(*until), Records()
        time = self._time
        while (time := time + every * MINUTE + self._rng.randrange(-15, 15) * SECOND) < end:
            chosen = self._rng.randrange(49152, 65535)
            made.append(windows.connection(time, self._rng, process, ip, port, name, chosen))
            made += network.ssl(time + 3000, self._rng, process.host, ip, name, chosen)
        return made

    def _lookup(self, *, by: str, name: str, answer: str) -> Records:
        """A name is looked up, as its host, the network sensor and the resolver see it."""
        process, dc = self._processes[by], self._story.world.dc
        return [
            windows.dns_query(self._time, self._rng, process, name, answer),
            *network.dns(self._time - 4000, self._rng, process.host, dc, name, answer),
        ]

    def _resolved(self, *, host: str, name: str, answer: str) -> Records:
        return [mail.resolved(self._time, self._rng, self._host(host), name, answer)]

    def _http(
        self, *, source: str, ip: str, name: str, uri: str, agent: str, method: str = "GET",
        sent: int = 0, received: int = 4000, mime: str = "text/html", status: int = 200,
        port: int = 80,
    ) -> Records:  # fmt: skip
        return [
            network.http(
                self._time, self._rng, self._end(source), ip, name, uri, agent, method=method,
                sent=sent, received=received, mime=mime, status=status, port=port,
            )
        ]  # fmt: skip

    def _conn(
        self, *, source: str, ip: str, port: int, sent: int = 1500, received: int = 6000,
        seconds: float = 2.0, service: str = "ssl", times: int = 1, every: int = 3000,
    ) -> Records:  # fmt: skip
        return [
            network.conn(
                self._time + n * every * 1000, self._rng, self._end(source), ip, port,
                service=service, duration=seconds, sent=sent, received=received,
            )
            for n in range(times)
        ]  # fmt: skip

    def _logon(self, *, host: str, user: str, kind: int, source: str | None = None) -> Records:
        """A logon, with its ticket at the domain controller when it is Kerberos's."""
        target, who = self._host(host), self._user(user)
        end = self._end(source) if source else None
        ticket = guid(self._rng)
        logon_id, entry = audit.logon(
            self._time, self._rng, target, who, kind, end,
            logon_guid=ticket if kind == 3 else None,
        )  # fmt: skip
        del logon_id
        return [entry]

    def _privileges(self, *, host: str, user: str) -> Records:
        who = self._user(user)
        return [audit.special_logon(self._time, self._host(host), who, "0x9f21c")]

    def _refused(
        self, *, host: str, user: str, source_ip: str, kind: int = 3, times: int = 1,
        every: int = 2000,
    ) -> Records:  # fmt: skip
        """Failed logons; `user` may list several names by commas, tried in turn."""
        names = user.split(",")
        return [
            audit.failed_logon(
                self._time + n * every * 1000, self._rng, self._host(host), names[n % len(names)],
                kind, source_ip,
            )
            for n in range(times)
        ]  # fmt: skip

    def _explicit(self, *, by: str, user: str, target: str) -> Records:
        """Other credentials are used on a target: 4648 here, 4624 there, with one GUID."""
        process, who, host = self._processes[by], self._user(user), self._host(target)
        ticket = guid(self._rng)
        _, entry = audit.logon(
            self._time + 30_000, self._rng, host, who, 3, process.host, logon_guid=ticket
        )
        return [audit.explicit_logon(self._time, process, who, host.fqdn, ticket), entry]

    def _share(
        self, *, host: str, user: str, source: str, share: str, path: str, mask: str = "0x2",
        size: int = 90_000,
    ) -> Records:  # fmt: skip
        target, end = self._host(host), self._host(source)
        action = "WRITE" if mask == "0x2" else "OPEN"
        return [
            audit.share_access(self._time, target, self._user(user), end, share, path, mask),
            network.smb_file(
                self._time + 6000, self._rng, end, target, action, share, path, size
            ),
        ]  # fmt: skip

    def _service(self, *, host: str, name: str, path: str, user: str = "admin") -> Records:
        who = self._user(user)
        return [audit.service_installed(self._time, self._host(host), name, path, who)]

    def _task(self, *, by: str, name: str, command: str, arguments: str = "") -> Records:
        process = self._processes[by]
        return [audit.task_created(self._time, process, name, command, arguments)]

    def _account(self, *, by: str, name: str, sid: str) -> Records:
        return [audit.account_created(self._time, self._processes[by], name, sid)]

    def _joined(self, *, by: str, sid: str) -> Records:
        return [audit.group_member_added(self._time, self._processes[by], sid)]

    def _cleared(self, *, by: str) -> Records:
        return [audit.log_cleared(self._time, self._processes[by])]

    def _ticket(self, *, user: str, source: str, service: str, encryption: str = "0x17") -> Records:
        """A service ticket, as the domain controller and the network sensor see it."""
        dc, end, who = self._story.world.dc, self._host(source), self._user(user)
        port = self._rng.randrange(49152, 65535)
        cipher = "rc4-hmac" if encryption == "0x17" else "aes256-cts-hmac-sha1-96"
        return [
            audit.service_ticket(
                self._time, self._rng, dc, who, end, service, encryption, port=port
            ),
            network.kerberos(
                self._time + 2000, self._rng, end, dc, who.name, service, cipher, port
            ),
        ]  # fmt: skip

    def _replicated(self, *, user: str) -> Records:
        """Directory secrets are replicated (Security 4662 on the domain controller)."""
        dc, who = self._story.world.dc, self._user(user)
        fields = {
            **windows.subject(dc, who, "0x7b1a44"),
            "ObjectServer": "DS",
            "ObjectType": "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}",
            "OperationType": "Object Access",
            "AccessMask": "0x100",
            "Properties": "%%7688\n\t\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}",
        }
        return [windows.windows_event(self._time, dc, windows.SECURITY, 4662, fields)]

    # Products, cloud, Linux

    def _alert(
        self, *, host: str, user: str, title: str, technique: str, severity: int = 4
    ) -> Records:
        end, who = self._host(host), self._user(user)
        return [
            cloud.detection_finding(self._time, self._rng, end, who, title, technique, severity)
        ]

    def _api(
        self, *, name: str, source: str, user: str, ip: str, agent: str,
        request: dict[str, object] | None = None, response: dict[str, object] | None = None,
        error: str | None = None, mfa: bool = False, key: str = "AKIAEXAMPLE0CORP0001",
        read: bool = False,
    ) -> Records:  # fmt: skip
        """One cloud call a name; `name` may list several by commas, two seconds apart."""
        return [
            cloud.api_call(
                self._time + n * 2 * SECOND, self._rng, one, f"{source}.amazonaws.com", user, ip,
                agent, request=request, response=response, error=error, mfa=mfa, key=key,
                read_only=read,
            )
            for n, one in enumerate(name.split(","))
        ]  # fmt: skip

    def _sign_in(
        self, *, user: str, ip: str, success: bool = True, factor: str | None = None,
        times: int = 1, every: int = 4000,
    ) -> Records:  # fmt: skip
        names = user.split(",")
        return [
            cloud.sign_in(
                self._time + n * every * 1000, self._rng, names[n % len(names)], ip,
                success=success, factor=factor,
            )
            for n in range(times)
        ]  # fmt: skip

    def _mail(self, *, sender: str, to: str, subject: str, attachment: str) -> Records:
        return [mail.message(self._time, self._rng, sender, to, subject, attachment)]

    def _office(
        self, *, name: str, service: str, user: str, ip: str, resource: str | None = None,
        data: dict[str, object] | None = None, agent: str | None = None, times: int = 1,
        every: int = 3000,
    ) -> Records:  # fmt: skip
        """Operations in the office suite's audit log; `#` in a resource is a running number."""
        return [
            office.operation(
                self._time + n * every * 1000, self._rng, name, service, user, ip, data=data,
                resource=resource and resource.replace("#", str(n)), agent=agent,
            )
            for n in range(times)
        ]  # fmt: skip

    def _syslog(
        self, *, tag: str, text: str, times: int = 1, every: int = 1500, host: str = LINUX_HOST
    ) -> Records:  # fmt: skip
        made = Records()
        for n in range(times):
            port = self._rng.randrange(30000, 61000)
            message = text.replace("#", str(port))
            made.append(
                cloud.syslog(
                    self._time + n * every * 1000,
                    tag,
                    self._rng.randrange(900, 99999),
                    message,
                    host,
                )
            )
        return made

    def _exec(
        self, *, exe: str, args: list[str], uid: int = 33, told: str = "EXECVE",
        host: str = LINUX_HOST, session: int | None = None,
    ) -> Records:  # fmt: skip
        """A program starts on Linux; `told` is the line of the two that says what matters."""
        lines = linux.executed(self._time, self._rng, exe, args, uid, host=host, session=session)
        chosen = [line for line in lines if f"type={told} " in str(line.record)]
        self.beside += [line for line in lines if line not in chosen]
        return chosen

    def _request(
        self, *, ip: str, uri: str, agent: str, method: str = "GET", status: int = 200,
        size: int | None = None, times: int = 1, every: int = 400,
    ) -> Records:  # fmt: skip
        return [
            linux.requested(
                self._time + n * every * 1000, self._rng, ip, method,
                uri.replace("#", str(n)), status, agent, size=size,
            )
            for n in range(times)
        ]  # fmt: skip

    def _end(self, name: str) -> Host:
        """Give a host by its part, or one outside by its address."""
        place = self.place(name)
        return Host("outside", place, "outside") if isinstance(place, str) else place
