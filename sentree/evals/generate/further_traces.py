"""Further traces of a playbook's steps: directory services, build pipeline, edge, database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentree.evals.generate import appliance, directory, network, pipeline, services, windows
from sentree.evals.generate.traces import Records, Traces
from sentree.evals.generate.world import SECOND, Host

_LABEL = "abcdefghijklmnopqrstuvwxyz234567"


class FurtherTraces(Traces):
    """All traces: those of hosts and network, and those of the services named above."""

    # Directory services

    def _certificate(self, *, requester: str, host: str, attributes: str, name: str) -> Records:
        """A certificate is asked for and issued (4886, 4887 on the domain controller)."""
        return directory.certificate(
            self._time,
            self._rng,
            self._story.world.dc,
            requester,
            self._host(host),
            attributes,
            name,
        )

    def _first_ticket(self, *, user: str, source: str, certificate: bool = False) -> Records:
        return [
            directory.first_ticket(
                self._time,
                self._rng,
                self._story.world.dc,
                self._user(user),
                self._host(source),
                by_certificate=certificate,
            )
        ]

    def _changed(self, *, user: str, dn: str, kind: str, attribute: str, value: str) -> Records:
        dc, who = self._story.world.dc, self._user(user)
        return [
            directory.object_changed(self._time, self._rng, dc, who, dn, kind, attribute, value)
        ]

    def _read(self, *, user: str, rights: Sequence[str], mask: str = "0x100") -> Records:
        dc, who = self._story.world.dc, self._user(user)
        return directory.object_read(self._time, self._rng, dc, who, rights, mask)

    def _rpc(self, *, source: str, server: str, endpoint: str, operation: str) -> Records:
        ends = self._end(source), self._host(server)
        return [network.rpc(self._time, self._rng, *ends, endpoint, operation)]

    def _gateway(self, *, host: str, user: str, ip: str, resource: str) -> Records:
        who, target = self._user(user), self._host(resource)
        return [directory.gateway_session(self._time, self._host(host), who, ip, target)]

    def _bits(self, *, host: str, job: str, url: str, size: int) -> Records:
        return [directory.bits_transfer(self._time, self._rng, self._host(host), job, url, size)]

    def _protection_off(self, *, host: str) -> Records:
        return directory.protection_off(self._time, self._host(host))

    def _task_run(self, *, host: str, name: str, action: str) -> Records:
        end = self._host(host)
        return [
            directory.task_registered(self._time, end, name),
            directory.task_run(self._time + SECOND, self._rng, end, name, action),
        ]

    def _restarted(self, *, host: str, program: str) -> Records:
        return [directory.restarted(self._time, self._host(host), program)]

    def _raw_read(self, *, by: str, device: str, times: int = 1) -> Records:
        process = self._processes[by]
        return [
            windows.raw_read(
                self._time + n * 30_000, self._rng, process, device.replace("#", str(n))
            )
            for n in range(times)
        ]

    def _driver(self, *, host: str, path: str, signer: str) -> Records:
        return [windows.driver_loaded(self._time, self._rng, self._host(host), path, signer)]

    # Build pipeline and its cloud role

    def _forge(
        self, *, action: str, actor: str, repo: str, ip: str | None = None,
        agent: str | None = None, fields: dict[str, object] | None = None, every: int = 2000,
    ) -> Records:  # fmt: skip
        """Entries of the forge's audit log; `repo` may list several by commas."""
        return [
            pipeline.forge(
                self._time + n * every * 1000, self._rng, action, actor, ip, one, agent, fields
            )
            for n, one in enumerate(repo.split(","))
        ]

    def _web_identity(self, *, role: str, repo: str, branch: str, ip: str, key: str) -> Records:
        return [pipeline.web_identity(self._time, self._rng, role, repo, branch, ip, key)]

    def _role(
        self, *, name: str, source: str, role: str, session: str, ip: str, agent: str,
        key: str, request: dict[str, object] | None = None,
        response: dict[str, object] | None = None, error: str | None = None, read: bool = False,
        every: int = 2000,
    ) -> Records:  # fmt: skip
        """Calls of a role's session, one a name; `name` may list several by commas."""
        return [
            pipeline.role_call(
                self._time + n * every * 1000,
                self._rng,
                one,
                f"{source}.amazonaws.com",
                role,
                session,
                ip,
                agent,
                request=request,
                response=response,
                error=error,
                key=key,
                read_only=read,
            )
            for n, one in enumerate(name.split(","))
        ]

    def _service_event(self, *, name: str, source: str, details: dict[str, object]) -> Records:
        return [
            pipeline.service_event(self._time, self._rng, name, f"{source}.amazonaws.com", details)
        ]

    def _bucket(
        self, *, bucket: str, operation: str, requester: str, ip: str, agent: str,
        key: str = "-", size: int = 0, status: int = 200, times: int = 1, every: int = 1500,
    ) -> Records:  # fmt: skip
        """Lines of a bucket's access log; `#` in a key is a running number."""
        return [
            pipeline.bucket_access(
                self._time + n * every * 1000,
                self._rng,
                bucket,
                operation,
                key.replace("#", f"{n:04d}"),
                requester,
                ip,
                agent,
                size=size,
                status=status,
            )
            for n in range(times)
        ]

    def _finding(self, *, kind: str, title: str, role: str, ip: str, severity: float) -> Records:
        return [pipeline.finding(self._time, self._rng, kind, title, role, ip, severity)]

    # Edge appliance, database, Linux network

    def _edge(
        self, *, logid: str, kind: str, level: str, fields: dict[str, Any], times: int = 1,
        every: int = 2000,
    ) -> Records:  # fmt: skip
        """Lines of the appliance; a list as a field's value is gone through in turn."""
        return [
            appliance.edge(
                self._time + n * every * 1000,
                self._rng,
                logid,
                kind,
                level,
                {
                    name: value[n % len(value)] if isinstance(value, list) else value
                    for name, value in fields.items()
                },
            )
            for n in range(times)
        ]

    def _traffic(
        self, *, source: str, target: list[str], port: list[int], action: str = "close",
        sent: int = 4000, received: int = 9000, user: str | None = None, seconds: int = 3,
        times: int = 1, every: int = 300,
    ) -> Records:  # fmt: skip
        """Connections through the appliance, targets and ports in turn."""
        return [
            appliance.traffic(
                self._time + n * every * 1000,
                self._rng,
                source,
                target[n % len(target)],
                port[n % len(port)],
                action=action,
                sent=sent,
                received=received,
                user=user,
                seconds=seconds,
            )
            for n in range(times)
        ]

    def _refused_ports(
        self, *, source: str, target: list[str], port: list[int], times: int, every: int = 300
    ) -> Records:
        """Attempts that closed ports answer, as the network sensor sees them."""
        end = Host("client", source, "outside")
        return [
            network.refused(
                self._time + n * every * 1000,
                self._rng,
                end,
                target[n % len(target)],
                port[n % len(port)],
            )
            for n in range(times)
        ]

    def _ssh(self, *, source: str, ip: str, client: str) -> Records:
        return [network.ssh(self._time, self._rng, self._end(source), ip, client)]

    def _smuggled(
        self, *, source: str, zone: str, times: int, every: int = 400, answer: str = "ok"
    ) -> Records:
        """Data in the names of TXT queries, 60 characters each."""
        end, dc = self._end(source), self._story.world.dc
        made = Records()
        for n in range(times):
            label = "".join(self._rng.choices(_LABEL, k=60))
            name = f"{label}.{n:x}.{zone}"
            made.append(
                network.text_record(self._time + n * every * 1000, self._rng, end, dc, name, answer)
            )
        return made

    def _sql(self, *, account: str, base: str, text: str) -> Records:
        return [appliance.statement(self._time, account, base, text)]

    # Identity provider, cluster

    def _provider(
        self, *, event: str, says: str, actor: str, ip: str, agent: str | None = None,
        result: str = "SUCCESS", reason: str | None = None, about: str = "",
        targets: Sequence[dict[str, object]] = (), debug: dict[str, object] | None = None,
        times: int = 1, every: int = 6000,
    ) -> Records:  # fmt: skip
        """Events of the identity provider; `about` names an account as target."""
        named = [services.person(about)] if about else []
        return [
            services.provider(
                self._time + n * every * 1000,
                self._rng,
                event,
                says,
                actor,
                ip,
                agent=agent or services.BROWSER,
                result=result,
                reason=reason,
                targets=[*named, *targets],
                debug=debug,
            )
            for n in range(times)
        ]

    def _cluster(
        self, *, verb: str, resource: str, user: str, ip: str, agent: str, namespace: str = "",
        name: str = "", part: str = "", code: int = 200, body: dict[str, object] | None = None,
        every: int = 1500,
    ) -> Records:  # fmt: skip
        """Calls of the cluster's API server; `resource` may list several by commas."""
        return [
            services.cluster(
                self._time + n * every * 1000,
                self._rng,
                verb,
                one,
                user,
                ip,
                agent,
                namespace=namespace,
                name=name,
                part=part,
                code=code,
                body=body,
            )
            for n, one in enumerate(resource.split(","))
        ]
