"""What an event id means, in a few words."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from ocsf.classes import class_name


def event_name(provider: str, channel: str, event_id: str, class_uid: int | None) -> str:
    """Name an event: by the provider's own ids, else by its OCSF class.

    Where the id is a name itself (`ConsoleLogin`) or is no more than the channel's, the class
    tells more.
    """
    names = _names()
    for known in (provider.lower(), _PROVIDERS.get(channel.lower(), "")):
        if found := names.get(known, {}).get(event_id):
            return found
    return class_name(class_uid or 0)


_PROVIDERS = {
    "security": "microsoft-windows-security-auditing",
    "microsoft-windows-sysmon/operational": "microsoft-windows-sysmon",
    "windows powershell": "powershell",
}


@cache
def _names() -> dict[str, dict[str, str]]:
    text = (resources.files("sentree.analysis.look") / "event_names.json").read_text("utf-8")
    return json.loads(text)
