"""Tells a playbook that is written as data: its steps in order, each with the records it leaves.

A playbook is a YAML file in `playbooks/`. `running` names processes that run before the story
begins, `names` and `ips` the intruder's infrastructure, `plant` what gives the intruder away;
`sources` names log sources that only some playbooks have (`surroundings`).
A step says when (`at: [act, hour, minute]` or `wait: [low, high]` seconds after the step before),
what (`technique`, `tactic`, `says`), where and who (`host`, `user`), and lists `traces`, the
records an analyst should find, and `also`, further traces of the same deed. A trace is one entry
of `FurtherTraces`: its name and its arguments. `after` shifts it by milliseconds; `{name}` in a
text stands for a host (`{fs}`, `{fs_ip}`), a person (`{owner}`), or a name or address of the
intruder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from sentree.evals.generate.appliance import addresses
from sentree.evals.generate.further_traces import FurtherTraces
from sentree.evals.generate.story import Story
from sentree.evals.generate.traces import Traces
from sentree.evals.generate.world import DOMAIN

Spec = Mapping[str, Any]
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@cache
def read_playbook(name: str) -> Spec:
    """Read a playbook's file.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    path = files("sentree.evals.generate") / "playbooks" / f"{name}.yml"
    return cast("Spec", yaml.safe_load(path.read_text(encoding="utf-8")))


def tell(story: Story, name: str) -> None:
    """Tell a playbook of the folder `playbooks`.

    Raises:
        ValueError: a step of the file can't be told; names file and step.
    """
    playbook = read_playbook(name)
    words = _words(story, playbook)
    traces = FurtherTraces(story, playbook.get("running", {}))
    for number, step in enumerate(playbook["steps"], start=1):
        try:
            _step(story, traces, filled(step, words))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"playbook {name}, step {number}: {error!r}") from error
    for kind, values in filled(playbook.get("plant", {}), words).items():
        story.plant(kind, *values)


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """Put words in for `{name}` in every text of a document; an unknown name is a `KeyError`."""
    if isinstance(value, str):
        return _NAME.sub(lambda found: words[found[1]], value)
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return {key: filled(one, words) for key, one in mapping.items()}
    if isinstance(value, list):
        return [filled(one, words) for one in cast("list[Any]", value)]
    return value


def _step(story: Story, traces: Traces, step: Spec) -> None:
    if "at" in step:
        story.scene(*step["at"])
    else:
        # A story of less than three days is told faster, or its acts would run into each other.
        low, high = (max(1, seconds * min(story.spec.days, 3) // 3) for seconds in step["wait"])
        story.wait(low, max(high, low + 1))
    traces.beside = []
    host, user = traces.place(step["host"]), traces.person(step["user"])
    records = [one for trace in _listed(step, "traces") for one in traces.make(trace)]
    also = [one for trace in _listed(step, "also") for one in traces.make(trace)]
    story.deed(
        step["technique"],
        step["tactic"],
        host,
        user,
        step["says"],
        records,
        [*also, *traces.beside],
    )


def _listed(step: Spec, name: str) -> Sequence[Spec]:
    return step.get(name, ())


def _words(story: Story, playbook: Spec) -> dict[str, str]:
    world, group = story.world, story.spec.infrastructure
    hosts = {
        "ws1": world.workstations[0],
        "ws2": world.workstations[1 % len(world.workstations)],
        "ws3": world.workstations[2 % len(world.workstations)],
        "dc": world.dc,
        "fs": world.file_server,
        "app": world.app_server,
        "web": world.web_server,
    }
    words = {name: host.name for name, host in hosts.items()}
    words |= {f"{name}_ip": host.ip for name, host in hosts.items()}
    words |= {
        "owner": world.people[0].name,
        "owner_sid": world.people[0].sid,
        "owner2": world.people[1 % len(world.people)].name,
        "admin": world.admin.name,
        "service": world.service.name,
        "domain": DOMAIN,
    }
    words |= {f"{name}_ip": ip for name, ip in addresses(world).items()}
    for name, octet in playbook.get("ips", {}).items():
        words[name] = f"203.0.113.{(octet + 17 * group) % 250 + 1}"
    for name, value in playbook.get("names", {}).items():
        words[name] = f"{value.partition('.')[0]}{group or ''}.{value.partition('.')[2]}"
    return words
