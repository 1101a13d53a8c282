"""The ordinary days of sources that only some playbooks have: directory services, pipeline, edge.

A playbook names them under `sources`, so that an intruder's records are never alone in their file.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from schemas.scenario import Playbook
from sentree.evals.generate import (
    appliance,
    audit,
    cloud,
    directory,
    linux,
    network,
    pipeline,
    services,
    windows,
)
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.story import POWERSHELL_EXE
from sentree.evals.generate.told import read_playbook
from sentree.evals.generate.world import DOMAIN, MILLISECOND, SECOND, SYSTEM, Host, User, World

Activity = Callable[[int, Random, World, Host], list[Emission]]

_REPOS = ("storefront", "billing", "infra-modules", "docs", "mobile")
_RUNNERS = ("198.51.100.71", "198.51.100.72", "198.51.100.73")
_OFFICE_IP = "198.51.100.20"
_OPERATIONS = ("REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET", "BATCH.DELETE.OBJECT")
_EXPORT = "/export/backup"
_GIT = "git/2.43.0"
_PIPELINE_READS = (
    ("DescribeImages", "ecr"),
    ("DescribeServices", "ecs"),
    ("GetAuthorizationToken", "ecr"),
    ("DescribeStacks", "cloudformation"),
    ("ListBuckets", "s3"),
)
_TASKS = (
    ("Microsoft\\Windows\\Defrag\\ScheduledDefrag", "%windir%\\system32\\defrag.exe"),
    (
        "Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan",
        "%systemroot%\\system32\\usoclient.exe",
    ),
    ("GoogleUpdateTaskMachineUA", "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe"),
)
_SCRIPTS = (
    "Get-CimInstance Win32_LogicalDisk | Select-Object DeviceID, FreeSpace",
    "Get-HotFix | Sort-Object InstalledOn | Select-Object -Last 5",
    "Get-MpComputerStatus | Select-Object AntivirusSignatureAge",
)
_STATEMENTS = (
    "statement: SELECT id, total FROM orders WHERE created > now() - interval '1 day'",
    "duration: 1204.118 ms  statement: REFRESH MATERIALIZED VIEW daily_sales",
    "connection authorized: user=webapp database=crm application_name=gunicorn",
    "checkpoint complete: wrote 312 buffers (1.9%)",
)


def activities(playbook: Playbook) -> tuple[tuple[Activity, int], ...]:
    """Give what goes on in the further sources of a playbook, with weights."""
    if playbook in {Playbook.PHISHING, Playbook.WEB_SERVER}:
        return ()
    names: list[str] = read_playbook(playbook).get("sources", [])
    return tuple(one for name in names for one in _SOURCES[name])


def _account(world: World, rng: Random) -> User:
    return rng.choice(world.people)


def _first_ticket(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    return [directory.first_ticket(time, rng, world.dc, world.owner(host), host)]


def _enrolled(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    template = "CertificateTemplate:Machine"
    return directory.certificate(time, rng, world.dc, f"{host.name}$", host, template, host.fqdn)


def _directory_work(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    person = _account(world, rng).name
    if rng.random() < 0.3:
        right = "{771727b1-31b8-4cdf-ae62-4fe39fadf89e}"
        return directory.object_read(time, rng, world.dc, world.admin, [right], "0x10")
    dn = f"CN={person},OU=Staff,DC=harborlane,DC=example"
    name, value = rng.choice(
        (("telephoneNumber", f"555-01{rng.randrange(99):02d}"), ("title", "Planner"))
    )
    return [directory.object_changed(time, rng, world.dc, world.admin, dn, "user", name, value)]


def _gateway(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    desk = rng.choice(world.workstations)
    ip = f"198.51.100.{rng.randrange(150, 190)}"
    return [directory.gateway_session(time, world.web_server, world.owner(desk), ip, desk)]


def _tasks(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    name, action = rng.choice(_TASKS)
    return [directory.task_run(time, rng, host, name, action)]


def _upkeep(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    chance = rng.random()
    if chance < 0.3:
        return [directory.signatures_updated(time, rng, host)]
    if chance < 0.45:
        shell = windows.running(rng, host, SYSTEM, POWERSHELL_EXE, "powershell.exe -File inv.ps1")
        return [audit.script_block(time, rng, shell, rng.choice(_SCRIPTS), "C:\\Scripts\\inv.ps1")]
    if chance < 0.7:
        name = rng.choice(("mpksldrv.sys", "HdAudio.sys", "rdpvideominiport.sys"))
        driver = f"C:\\Windows\\System32\\drivers\\{name}"
        return [windows.driver_loaded(time, rng, host, driver, "Microsoft Windows")]
    if chance < 0.95:
        image = "C:\\Windows\\System32\\defrag.exe"
        disk = windows.running(rng, host, SYSTEM, image, "defrag.exe -c -h")
        return [windows.raw_read(time, rng, disk, "\\Device\\HarddiskVolume2")]
    worker = "C:\\Windows\\servicing\\TrustedInstaller.exe"
    return [directory.restarted(time, host, worker, "Operating System: Upgrade (Planned)")]


def _bits(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    name, _ = rng.choice(world.sites)
    url = f"https://{name}/update/{rng.randrange(900)}.cab"
    return [directory.bits_transfer(time, rng, host, "Font Download", url, 400_000)]


def _rpc(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    call = rng.choice(
        (("lsarpc", "LsarLookupSids"), ("netlogon", "NetrLogonSamLogonEx"), ("drsuapi", "DRSBind"))
    )
    return [network.rpc(time, rng, host, world.dc, *call)]


def _development(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    who, repo = _account(world, rng).name.replace(".", "-"), rng.choice(_REPOS)
    action = rng.choices(("git.fetch", "git.clone", "git.push", "pull_request.merge"), (6, 2, 3, 2))
    fields: dict[str, object] = {"transport_protocol_name": "ssh", "repository_public": False}
    return [pipeline.forge(time, rng, action[0], who, _OFFICE_IP, repo, _GIT, fields)]


def _workflow(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    who, repo = _account(world, rng).name.replace(".", "-"), rng.choice(_REPOS[:2])
    run: dict[str, object] = {
        "workflow_run_id": rng.randrange(10**9, 10**10),
        "event": "push",
        "head_branch": "main",
        "name": "deploy",
    }
    made = [pipeline.forge(time, rng, "workflows.created_workflow_run", who, None, repo, None, run)]
    ip, key = rng.choice(_RUNNERS), f"ASIAEXAMPLE{rng.randrange(10**8):08d}X"
    job: dict[str, object] = {
        "job_name": "deploy",
        "runner_labels": ["ubuntu-latest"],
        "secrets_passed": ["AWS_ROLE_ARN"],
        "workflow_run_id": run["workflow_run_id"],
    }
    made.append(
        pipeline.forge(
            time + 9 * SECOND, rng, "workflows.prepared_workflow_job", who, None, repo, None, job
        )
    )
    made.append(pipeline.web_identity(time + 20 * SECOND, rng, "ci-deploy", repo, "main", ip, key))
    for n in range(3):
        name, source = rng.choice(_PIPELINE_READS)
        made.append(
            pipeline.role_call(
                time + (24 + 3 * n) * SECOND,
                rng,
                name,
                f"{source}.amazonaws.com",
                "ci-deploy",
                pipeline.WORKFLOW_SESSION,
                ip,
                "aws-cli/2.17.0 md/awscrt#0.20.11",
                key=key,
                read_only=True,
            )
        )
    return made


def _backups(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    name, wanted = rng.choice(
        (
            ("CreateSnapshot", {"volumeId": f"vol-{rng.getrandbits(68):017x}"}),
            ("DeleteSnapshot", {"snapshotId": f"snap-{rng.getrandbits(68):017x}"}),
        )
    )
    return [
        pipeline.role_call(
            time, rng, name, "ec2.amazonaws.com", "AWSBackupDefaultServiceRole",
            f"AWSBackup-{rng.randrange(10**6)}", "backup.amazonaws.com", "backup.amazonaws.com",
            request={**wanted}, key="ASIAEXAMPLE0BACKUP01",
        )
    ]  # fmt: skip


def _buckets(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    who = f"arn:aws:sts::{cloud.ACCOUNT}:assumed-role/webapp/i-0a51c7e2d9"
    operation = rng.choices(_OPERATIONS, (8, 3, 1, 1))[0]
    key = "-" if operation.endswith("BUCKET") else f"invoices/2026/{rng.randrange(9999):04d}.pdf"
    return [
        pipeline.bucket_access(
            time,
            rng,
            "harborlane-documents",
            operation,
            key,
            who,
            "10.40.3.11",
            "aws-sdk-java/2.25.0",
            size=rng.randrange(2_000, 400_000),
        )
    ]


def _findings(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    if rng.random() < 0.8:
        return []
    ip = f"192.0.2.{rng.randrange(60, 200)}"
    title = "An unprotected port of an instance is being probed."
    return [pipeline.finding(time, rng, "Recon:EC2/PortProbeUnprotectedPort", title, "-", ip, 2.0)]


def _passed(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    net = appliance.addresses(world)
    _, ip = rng.choice(world.sites)
    chance = rng.random()
    if chance < 0.15:
        outside = f"198.51.100.{rng.randrange(200, 250)}"
        return [appliance.traffic(time, rng, outside, net["vpn"], 445, action="deny")]
    source = net["lnx"] if chance < 0.4 else host.ip
    size = rng.randrange(2_000, 900_000)
    return [appliance.traffic(time, rng, source, ip, 443, received=size)]


def _tunnels(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    user, ip = _account(world, rng).name, f"198.51.100.{rng.randrange(150, 190)}"
    fields: dict[str, object] = {
        "logdesc": "SSL VPN tunnel up",
        "action": "tunnel-up",
        "tunneltype": "ssl-tunnel",
        "tunnelid": rng.randrange(10**9),
        "remip": ip,
        "user": user,
        "group": "vpn-users",
        "dst_host": "N/A",
        "reason": "N/A",
        "msg": "SSL tunnel established",
    }
    return [appliance.edge(time, rng, "0101039424", "event/vpn", "information", fields)]


def _appliance_work(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    ip = world.workstations[-1].ip
    chance = rng.random()
    if chance < 0.3:
        change: dict[str, object] = {
            "logdesc": "Attribute configured",
            "user": "netadmin",
            "ui": f"GUI({ip})",
            "action": "Edit",
            "cfgtid": rng.randrange(10**9),
            "cfgpath": "firewall.address",
            "cfgobj": f"site-{rng.randrange(40)}",
            "cfgattr": "comment[reviewed]",
            "msg": "Edit firewall.address",
        }
        return [appliance.edge(time, rng, "0100044546", "event/system", "information", change)]
    if chance < 0.5:
        probe: dict[str, object] = {
            "eventtype": "signature",
            "severity": "medium",
            "srcip": f"198.51.100.{rng.randrange(200, 250)}",
            "dstip": "198.51.100.10",
            "action": "dropped",
            "proto": 6,
            "service": "HTTPS",
            "attack": "ZGrab.Scanner",
            "dstport": 443,
            "msg": "tools: ZGrab.Scanner",
        }
        return [appliance.edge(time, rng, "0419016384", "utm/ips", "alert", probe)]
    fields: dict[str, object] = {
        "logdesc": "Admin login successful",
        "user": "netadmin",
        "ui": f"https({ip})",
        "method": "https",
        "srcip": ip,
        "action": "login",
        "status": "success",
        "reason": "none",
        "profile": "super_admin",
        "msg": f"Administrator netadmin logged in successfully from https({ip})",
    }
    return [appliance.edge(time, rng, "0100032001", "event/system", "information", fields)]


def _database(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    if rng.random() < 0.1:
        copy = "statement: COPY public.orders (id, customer, total, created) TO stdout;"
        return [appliance.statement(time, "backup", "crm", copy)]
    return [appliance.statement(time, "webapp", "crm", rng.choice(_STATEMENTS))]


def _storage(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    pid, client = rng.randrange(300, 9000), f"{world.app_server.ip}:{rng.randrange(600, 1023)}"
    lines = (
        ("rpc.mountd", f"authenticated mount request from {client} for {_EXPORT} ({_EXPORT})"),
        ("systemd", "Started Rotate log files."),
        ("CRON", "(root) CMD (/usr/sbin/zpool status -x)"),
    )
    tag, text = rng.choice(lines)
    return [cloud.syslog(time, tag, pid, text, "nas01")]


def _text_records(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    name, _ = rng.choice(world.sites)
    answer = "v=spf1 include:_spf.example -all"
    return [network.text_record(time, rng, world.app_server, world.dc, name, answer)]


def _servers(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    net = appliance.addresses(world)
    lnx = Host("lnx01", net["lnx"], "linux")
    made = [network.conn(time, rng, lnx, net["db"], 5432, service="postgresql", sent=9_000)]
    if rng.random() < 0.4:
        desk = Host("ops", world.workstations[-1].ip, "workstation")
        made.append(network.ssh(time, rng, desk, net["lnx"], "SSH-2.0-OpenSSH_for_Windows_9.5"))
        args = ["journalctl", "-u", "webapp", "-n", "50"]
        made += linux.executed(
            time + 3 * SECOND + MILLISECOND, rng, "/usr/bin/journalctl", args, 1001, session=1001
        )
    return made


_PROVIDER_WORK: tuple[tuple[str, str, int], ...] = (
    ("user.session.start", "User login to Okta", 8),
    ("user.authentication.auth_via_mfa", "Authentication of user via MFA", 7),
    ("user.authentication.sso", "User single sign on to app", 12),
    ("policy.evaluate_sign_on", "Evaluation of sign-on policy", 8),
    ("user.session.end", "User logout from Okta", 4),
    ("user.account.update_profile", "Update user profile for Okta", 1),
)
_PROVIDER_DESK: tuple[tuple[str, str], ...] = (
    ("user.account.reset_password", "Fired when the user's password is reset"),
    ("user.mfa.factor.activate", "Activate factor for user"),
    ("group.user_membership.add", "Add user to group membership"),
    ("application.user_membership.add", "Add user to application membership"),
    ("user.account.unlock", "User account unlocked"),
)


def _provider(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    """Make a person's sign-ins and what the help desk does for people, from the office or home."""
    number = rng.randrange(len(world.people))
    who = world.people[number].name
    home = f"198.51.100.{150 + number % 40}"
    ip = _OFFICE_IP if rng.random() < 0.8 else home
    if rng.random() < 0.04:
        event, says = rng.choice(_PROVIDER_DESK)
        named = [services.person(who)]
        return [
            services.provider(time, rng, event, says, world.admin.name, _OFFICE_IP, targets=named)
        ]
    event, says, _ = rng.choices(_PROVIDER_WORK, [one[2] for one in _PROVIDER_WORK])[0]
    refused = event.endswith("mfa") and rng.random() < 0.05
    result = "FAILURE" if refused else "SUCCESS"
    return [services.provider(time, rng, event, says, who, ip, result=result)]


def _cluster(time: int, rng: Random, world: World, host: Host) -> list[Emission]:
    """Make what controllers, a delivery service and two engineers ask of a cluster."""
    chance = rng.random()
    if chance < 0.75:
        user, agent = rng.choice(
            (
                ("system:kube-controller-manager", "kube-controller-manager/v1.31.2"),
                ("system:node:node-2", "kubelet/v1.31.2"),
                ("system:serviceaccount:kube-system:replicaset-controller", "kube-controller"),
                ("system:serviceaccount:monitoring:prometheus", "Prometheus/2.55.0"),
            )
        )
        verb = rng.choice(("get", "list", "watch", "update"))
        what = rng.choice(("pods", "endpoints", "nodes", "configmaps", "secrets", "leases"))
        ip = "10.60.0.4"
    elif chance < 0.92:
        user, agent = "system:serviceaccount:delivery:argocd-application-controller", "argocd/2.13"
        verb = rng.choice(("get", "patch", "list"))
        what, ip = rng.choice(("deployments", "services", "configmaps")), "10.60.4.18"
    else:
        user = f"{world.people[rng.randrange(2)].name}@{DOMAIN}"
        agent, ip = "kubectl/v1.31.1 (linux/amd64)", _OFFICE_IP
        verb, what = rng.choice(
            (("get", "pods"), ("list", "pods"), ("get", "deployments"), ("get", "events"))
        )
    return [
        services.cluster(time, rng, verb, what, user, ip, agent, namespace="shop", name="web-1")
    ]


_SOURCES: dict[str, tuple[tuple[Activity, int], ...]] = {
    "directory": (
        (_first_ticket, 5),
        (_enrolled, 1),
        (_directory_work, 1),
        (_gateway, 1),
        (_tasks, 5),
        (_upkeep, 3),
        (_bits, 2),
        (_rpc, 4),
    ),
    "pipeline": (
        (_development, 8),
        (_workflow, 2),
        (_backups, 1),
        (_buckets, 6),
        (_findings, 1),
    ),
    "edge": (
        (_passed, 9),
        (_tunnels, 2),
        (_appliance_work, 1),
        (_database, 5),
        (_storage, 3),
        (_text_records, 1),
        (_servers, 4),
    ),
    "provider": ((_provider, 14),),
    "cluster": ((_cluster, 16),),
}
