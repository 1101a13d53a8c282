"""Agent runs killed at random points: what was answered is never asked again, nor lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

from ask_child import PRELOADED, ask_once
from messages_server import Answer, MessagesServer, request_hash
from played_agent import Played
from small_lake import run_folders, small_lake, words

from sentree.lake.calls import SqliteCallStore
from sentree.report.document import load_result

KILLS = int(os.environ.get("SENTREE_KILLS", "8"))
"""More on demand: each costs seconds."""
KILLS_A_RUN = 5
STAMP = re.compile(r"stamp-([0-9a-f]{16})")


class Stamped(Played):
    """Marks every answer with the request it belongs to, and tells when enough have come."""

    goal = 0
    reached = Event()

    def __call__(self, body: dict[str, Any]) -> Answer:
        self.goal -= 1
        if self.goal < 0:
            self.reached.set()
        answer = super().__call__(body)
        for block in answer.content:
            stamp = f"stamp-{request_hash(body)[:16]}"
            if block["type"] == "text":
                found = json.loads(block["text"])
                block["text"] = json.dumps({**found, "answer": f"{found['answer']} {stamp}"})
            elif "code" in block["input"]:
                block["input"] = {"code": f"{block['input']['code']}\n# {stamp}"}
            else:
                block["input"] = {**block["input"], "answer": stamp}
        return answer


def test_a_killed_agent_run_goes_on_and_no_answered_call_is_made_again(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    settings, rng, played = small_lake(tmp_path, 120), random.Random(5), Stamped()
    kills, number, points = 0, 0, Counter[int]()
    with (
        MessagesServer(played) as server,
        SqliteCallStore(settings.home / "calls.sqlite") as store,
    ):

        def stored(run_uid: str) -> set[str]:
            replies = [call.reply.model_dump_json() for call in store.calls(run_uid)]
            return set(STAMP.findall(" ".join(replies)))

        def seen() -> Counter[str]:
            with server.lock:
                return Counter({name[:16]: times for name, times in server.seen.items()})

        def asking(question: str, more: tuple[str, ...]) -> list[str]:
            # A cap that is never reached makes `budget()` tell numbers that change.
            return words(settings, server.url, "--max-calls", "500", *more, question=question)

        while kills < KILLS:
            number += 1
            question = f"Who logs in here, number {number}?"
            command = asking(question, () if number == 1 else ("--over", str(tmp_path / "logs")))
            before = set(run_folders(settings))
            answered: dict[str, int] = {}
            done = False
            for attempt in range(KILLS_A_RUN + 1):
                played.goal = 1_000 if attempt == KILLS_A_RUN else rng.randint(0, 2)
                played.reached.clear()
                child = context.Process(target=ask_once, args=(command,))
                child.start()
                while child.is_alive() and not played.reached.wait(0.02):
                    pass
                child.join(rng.random() * 0.03)
                child.kill()
                child.join(30)
                server.settle()
                done = child.exitcode == 0
                kills += not done
                points[len(answered)] += not done
                requests = seen()
                assert all(requests[name] == times for name, times in answered.items())
                [folder] = set(run_folders(settings)) - before
                answered = {name: requests[name] for name in stored(folder.name)}
                if done:
                    break
            assert done
            result = load_result(folder / "result.json")
            assert len(answered) >= 6 and result.limit_hit is None
            spent = store.spent(folder.name)
            usd = sum(one.usd for one in result.trajectory)
            assert round(usd, 9) == round(spent.usd, 9)
            assert spent.calls == len(answered)

        assert len(points) >= KILLS // 4, points
        child = context.Process(target=ask_once, args=([*command, "--fresh"],))
        child.start()
        child.join(60)
        unbroken = load_result(run_folders(settings)[-1] / "result.json")
        assert unbroken.run_uid != result.run_uid
        assert (unbroken.summary, unbroken.ruled_out) == (result.summary, result.ruled_out)
        assert unbroken.verification == result.verification
        assert not server.refused
