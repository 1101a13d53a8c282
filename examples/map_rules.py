"""Map a handful of rules of four formats onto ATT&CK, and see why.

Runs offline on rules it writes itself: `python examples/map_rules.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from schemas.map_rules import MapRulesReport, MapRulesRequest
from sentree.analysis.map_rules import run
from sentree.analysis.map_rules.tables import why
from sentree.settings import Settings

RULES = {
    "task.yml": r"""
title: Task For A Program In A Writable Folder
id: 0b0c8d4c-6d0e-4d3e-9a8e-000000000001
author: Example Author
description: Detects schtasks that runs something from a folder any user can write to
tags: [attack.persistence, attack.t1053.005]
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\schtasks.exe'
    CommandLine|contains|all: ['/create', '\Users\Public']
  condition: selection
""",
    "shadow.yml": """
name: Shadow Copies Removed
author: Example Author
description: The search looks for vssadmin or wmic that removes shadow copies before encryption.
search: '| tstats count from datamodel=Endpoint where process="*vssadmin*delete*shadows*"'
""",
    "trail.yaml": """
name: Trail stopped
description: Somebody stopped the recording of calls in the cloud account.
query: AWSCloudTrail | where EventName in ('StopLogging', 'DeleteTrail')
""",
    "forward.kql": (
        "// Title: Inbox rule that forwards\n"
        "OfficeActivity | where Operation == 'New-InboxRule' | where Parameters has 'ForwardTo'\n"
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "rules"
        folder.mkdir()
        for name, text in RULES.items():
            (folder / name).write_text(text, encoding="utf-8")
        result = run(Settings(home=Path(place) / "home"), MapRulesRequest(paths=(str(folder),)))
        report = MapRulesReport.model_validate(result.data)
        for rule in report.rules:
            print(f"{rule.title} ({rule.kind}, by {rule.author or 'nobody named'})")
            for one in rule.techniques[:3]:
                mark = "*" if one.named else " "
                print(f" {mark} {one.probability:4.0%} {one.technique:9} {one.name}: {why(one)}")
        check = result.verification
        print(f"\n{check.kept} of {check.checked} statements hold")


if __name__ == "__main__":
    main()
