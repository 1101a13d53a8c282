"""Makes accounts of incidents in prose with known truth: techniques, links, any order of telling.

Equal specifications give equal bytes. The incidents run through phases as intrusions do, with
parallel branches; what one step brings (a file, a host, an account) later steps use. Sentences
and phases are ours: a score here says that the machinery works, not how it does on real accounts.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from schemas.chain_truth import ChainSpec, TrueAccount, TrueStep
from sentree.intel.attack import technique

_ORGS = ("Northwind Freight", "Halden Water", "Okoro Clinics", "Lumen Press", "Tessel Bank")
_USERS = ("m.novak", "j.alvarez", "s.okafor", "h.lindt", "p.tanaka", "r.dubois")
_ADMINS = ("svc-backup", "adm-kline", "da-morris", "sqladmin", "adm-osei")
_MALWARE = ("GREYVINE", "TinPlover", "Saltmarsh", "OXBOW", "Nightjar", "Ketterer")
_TASKS = ("UpdateCheck", "TelemetrySync", "PrintHelper", "EdgeCache", "DriverRefresh")


def generate_steps(spec: ChainSpec) -> tuple[TrueAccount, ...]:
    """Make accounts; steps come in shuffled order, links name them by uid."""
    return tuple(
        _account(Random(f"{spec.seed}/{number}"), spec, number) for number in range(spec.accounts)
    )


def write_accounts(folder: Path, accounts: tuple[TrueAccount, ...], form: str = "jsonl") -> None:
    """Write accounts without their truth: `jsonl` (one account a line) or `md` (a file each)."""
    folder.mkdir(parents=True, exist_ok=True)
    if form == "jsonl":
        lines = [
            json.dumps(
                {
                    "name": one.name,
                    "steps": [
                        {"name": step.name, "description": step.description} for step in one.steps
                    ],
                }
            )
            for one in accounts
        ]
        (folder / "accounts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    for number, one in enumerate(accounts, start=1):
        text = f"# {one.name}\n\n" + "".join(f"- {step.description}\n" for step in one.steps)
        (folder / f"account-{number:03}.md").write_text(text, encoding="utf-8")


def in_order(account: TrueAccount) -> TrueAccount:
    """Give the account with its steps told in the order in which they happened."""
    return account.model_copy(
        update={"steps": tuple(sorted(account.steps, key=lambda one: one.step_uid))}
    )


def _account(random: Random, spec: ChainSpec, number: int) -> TrueAccount:
    tables = _tables()
    plan = _plan(random, tables["phases"], spec.steps)
    world = _world(random)
    names = random.random() < 0.5
    steps: list[TrueStep] = []
    for place, (_, uid) in enumerate(plan):
        text = random.choice(tables["texts"][uid]).format(**world)
        steps.append(
            TrueStep(
                # Sorts by true place: the reader makes uids of its own and never sees this one.
                step_uid=f"a{number:04}-s{place:03}",
                name=technique(uid).name if names else "",
                description=text,
                technique=uid,
            )
        )
        if uid.startswith(("T1021", "T1570", "T1550", "T1047", "T1569")):
            world["host"], world["host2"] = world["host2"], _host(random)
    links = _links(random, plan, steps, spec.branching)
    random.shuffle(steps)
    title = f"Incident {number + 1} at {world['org']}"
    return TrueAccount(name=title, steps=tuple(steps), links=links)


def _plan(random: Random, phases: list[Any], wanted: int) -> list[tuple[int, str]]:
    """Choose techniques phase by phase, until about as many as wanted."""
    chosen: list[tuple[int, str]] = []
    for phase, (_, least, most, uids) in enumerate(phases):
        count = random.randint(least, most)
        chosen += [(phase, uid) for uid in random.sample(uids, min(count, len(uids)))]
    while len(chosen) < wanted:
        phase = random.randrange(len(phases))
        chosen.append((phase, random.choice(phases[phase][3])))
    while len(chosen) > max(wanted, 2):
        chosen.pop(random.randrange(len(chosen)))
    return sorted(chosen, key=lambda one: one[0])


def _links(
    random: Random, plan: list[tuple[int, str]], steps: list[TrueStep], branching: float
) -> tuple[tuple[str, str], ...]:
    """Join steps into a chain; some steps of one phase run beside one another instead."""
    groups: list[list[int]] = []
    for place, (phase, _) in enumerate(plan):
        beside = groups and plan[groups[-1][0]][0] == phase and random.random() < branching
        if beside:
            groups[-1].append(place)
        else:
            groups.append([place])
    return tuple(
        (steps[one].step_uid, steps[other].step_uid)
        for before, after in pairwise(groups)
        for one in before
        for other in after
    )


def _world(random: Random) -> dict[str, str]:
    malware = random.choice(_MALWARE)
    return {
        "org": random.choice(_ORGS),
        "user": random.choice(_USERS),
        "admin": random.choice(_ADMINS),
        "newuser": random.choice(("helpdesk2", "support_388", "svc_print")),
        "malware": malware,
        "host": _host(random),
        "host2": _host(random),
        "dc": f"DC{random.randint(1, 4):02}",
        "ip": f"203.0.113.{random.randint(2, 250)}",
        "domain": f"{random.choice(('cdn', 'login', 'update'))}-{random.randint(10, 99)}.example",
        "doc": random.choice(("invoice_4471.docm", "tender-final.xlsm", "CV_Reyes.pdf")),
        "file": random.choice(("wsupd.exe", "msdtc64.bin", "netsvc.ps1", "upd1.tmp")),
        "dll": random.choice(("version.dll", "wlbsctrl.dll", "nvhelp.dll")),
        "shell": random.choice(("help.aspx", "status.jsp", "img.php")),
        "archive": random.choice(("a1.rar", "photos.7z", "log_0612.zip")),
        "task": random.choice(_TASKS),
    }


def _host(random: Random) -> str:
    return f"{random.choice(('WS', 'SRV', 'FS', 'SQL'))}-{random.randint(100, 999)}"


@cache
def _tables() -> dict[str, Any]:
    resource = files("sentree.evals.generate") / "steps_texts.json"
    return json.loads(resource.read_text(encoding="utf-8"))
