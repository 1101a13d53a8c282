"""What Prometheus is given adds up with what was loaded, found, asked and paid."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from lake_logs import lines, records
from messages_server import MessagesServer
from played_agent import Played
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families
from small_lake import small_lake, words

from sentree.cli import run
from sentree.lake.calls import SqliteCallStore
from sentree.lake.telemetry import read_telemetry
from sentree.report.prometheus import registry
from sentree.settings import Settings


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_deliveries_are_counted_by_outcome_over_all_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    (tmp_path / "a.jsonl").write_text(lines(records(5)))
    (tmp_path / "b.jsonl").write_text(lines(records(7)) + '{"cut": ')
    assert run(["ingest", str(tmp_path / "a.jsonl"), "--tenant", 'ev"il\n', *home]) == 0
    assert run(["ingest", str(tmp_path / "b.jsonl"), *home]) == 0
    assert run(["ingest", str(tmp_path / "a.jsonl"), *home]) == 0
    capsys.readouterr()
    assert run(["exporter", *home]) == 0
    found = samples(capsys.readouterr().out)
    total = {
        outcome: sum(
            value
            for (name, labels), value in found.items()
            if name == "sentree_records_total" and labels[0] == outcome
        )
        for outcome in ("accepted", "duplicate", "rejected")
    }
    assert total["accepted"] + total["rejected"] == 13 and total["duplicate"] == 5
    assert found["sentree_lake_bytes", ()] > 0
    assert found["sentree_last_load_timestamp_seconds", ("default",)] > 1.7e9


def test_calls_cost_and_runs_are_those_that_the_store_holds_and_are_served_over_http(
    tmp_path: Path,
) -> None:
    lake = small_lake(tmp_path)
    with MessagesServer(Played()) as server:
        assert run(words(lake, server.url)) == 0
        assert run(words(lake, server.url, "--max-calls", "1", "--fresh")) == 6
        tokens, charged = server.tokens, float(server.charged)
    exposed, thread = start_http_server(
        0, addr="127.0.0.1", registry=registry(lambda: read_telemetry(lake))
    )
    try:
        address = f"http://127.0.0.1:{exposed.server_port}/metrics"
        with urllib.request.urlopen(address, timeout=20) as answer:
            found = samples(answer.read().decode())
    finally:
        exposed.shutdown()
        thread.join()
    kinds = [v for (name, _), v in found.items() if name == "sentree_model_tokens_total"]
    assert sum(kinds) == tokens
    cost = [v for (name, _), v in found.items() if name == "sentree_model_cost_dollars_total"]
    assert round(sum(cost), 9) == round(charged, 9)
    name = "sentree_model_call_duration_seconds_count"
    calls = [value for (one, _), value in found.items() if one == name]
    with SqliteCallStore(lake.home / "calls.sqlite") as store:
        runs = [folder.name for folder in lake.runs_dir.iterdir()]
        assert sum(calls) == sum(len(list(store.calls(one))) for one in runs)
    assert found["sentree_runs_total", ("ask", "done")] == 1
    assert found["sentree_runs_total", ("ask", "limited")] == 1


def test_an_empty_home_has_counts_of_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["exporter", "--home", str(settings.home)]) == 0
    assert samples(capsys.readouterr().out)["sentree_lake_bytes", ()] == 0
    assert not settings.home.exists()


@pytest.mark.parametrize("listen", ["9464", "127.0.0.1:x", "127.0.0.1:99999", "203.0.113.1:80"])
def test_an_address_that_cant_be_listened_at_is_one_line(
    listen: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["exporter", "--listen", listen, "--home", str(settings.home)]) in (2, 3)
    assert len(capsys.readouterr().err.splitlines()) == 1
