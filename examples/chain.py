"""Give a shuffled account of an incident its order, techniques and transitions.

Runs offline on accounts it makes itself: `python examples/chain.py`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from schemas.chain import ChainReport, ChainRequest
from sentree.analysis.chain import run
from sentree.report.attack_flow import render_attack_flow
from sentree.settings import Settings

STEPS = (
    ("Exfiltration to Cloud Storage", "a.rar was uploaded with rclone"),
    ("PowerShell", "a hidden script fetched wsupd.exe to WS-204"),
    ("LSASS Memory", "passwords of adm-kline were dumped on WS-204"),
    ("Data Encrypted for Impact", "FS-310 was encrypted"),
    ("Malicious File", "m.novak opened invoice_4471.docm"),
    ("Remote Desktop Protocol", "adm-kline logged on to FS-310"),
    ("Spearphishing Attachment", "m.novak got a mail with invoice_4471.docm"),
    ("Archive via Utility", "folders of FS-310 were packed into a.rar"),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        steps = [{"name": name, "description": text} for name, text in STEPS]
        (folder / "steps.json").write_text(json.dumps({"name": "Small case", "steps": steps}))
        request = ChainRequest(paths=(str(folder / "steps.json"),))
        result = run(Settings(home=folder / "home"), request)
        chain = ChainReport.model_validate(result.data).chains[0]
        print(f"{result.title}: {chain.order_note}")
        for step in chain.steps:
            print(f"{step.position}. {step.technique}: {step.summary}")
        print("\nTransitions:")
        for one in chain.transitions:
            print(f"- {one.source} -> {one.target} ({one.probability:.2f})")
        check = result.verification
        objects = json.loads(render_attack_flow(result))["objects"]
        print(f"\n{check.kept} of {check.checked} statements hold; {len(objects)} objects out")


if __name__ == "__main__":
    main()
