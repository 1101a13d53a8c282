"""A model's part, played by rote over the Messages API: look, count, ask readers, submit."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from messages_server import Answer, say, use

UID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
NUMBER = re.compile(r"(?<=\\n)\[(\d+)\] ")
LOOK = (
    "d = ctx.describe()\nprint(d['events'], d['characters'])",
    "for row in ctx.peek(2):\n    print(row['event_uid'], row['raw'][:200])",
    "print(ctx.sql('SELECT count(*) AS n, min(event_uid) AS u FROM events')['rows'], budget())",
)
READ = (
    "parts = ctx.partition(by='size', size={size})\n"
    "answers = map_query(parts, 'Who logs in here?')\n"
    "print(len(parts))\n"
    "for one in answers:\n"
    "    print(one.get('answer') or one.get('error'), one.get('evidence', [])[:1])"
)


@dataclass
class Played:
    """Answers each request by what it holds, so the same request always has the same answer."""

    cells: Sequence[str] = field(default_factory=lambda: (*LOOK, READ.format(size=3_000)))
    thinking: bool = False

    def __call__(self, body: dict[str, Any]) -> Answer:
        """Play one turn, or one reader."""
        text = json.dumps(body["messages"])
        uids = UID.findall(text)
        if "output_config" in body:
            return self._read(body, NUMBER.findall(text))
        done = sum(message["role"] == "assistant" for message in body["messages"])
        if done < len(self.cells):
            answer = use("run_python", {"code": self.cells[done]}, f"toolu_{done}")
        else:
            claims = [
                {"text": f"Record {uid[:6]} was seen.", "evidence": [{"event_uid": uid}]}
                for uid in sorted(set(uids))[:3]
            ]
            answer = use(
                "submit", {"answer": "Someone logs in.", "claims": claims}, f"toolu_{done}"
            )
        if self.thinking:
            secret = {"type": "thinking", "thinking": "the butler did it", "signature": "s"}
            answer.content.insert(0, secret)
        return answer

    def _read(self, body: dict[str, Any], numbers: list[str]) -> Answer:
        fields = body["output_config"]["format"]["schema"]["properties"]
        if "claims" in fields:
            claim = {"text": "A record is there.", "evidence": [{"event_uid": numbers[0]}]}
            found: dict[str, Any] = {"answer": "It is there.", "claims": [claim]}
        else:
            evidence = [{"event_uid": uid, "quote": ""} for uid in numbers[:1]]
            found = {"answer": f"{len(set(numbers))} records", "evidence": evidence}
        return say(json.dumps(found))
