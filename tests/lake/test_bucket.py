"""The lake's data in a bucket: all that a user does, and what a missing key or bucket says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from lake_logs import lines, records
from whole_way import Told, whole_way

from schemas.upkeep import Entity, ForgetRequest
from sentree.cli import run
from sentree.errors import ConfigurationError, LakeError
from sentree.lake.compact import compact
from sentree.lake.db import Lake
from sentree.lake.engines import extension_file
from sentree.lake.expire import expire
from sentree.lake.forget import forget
from sentree.lake.ingest import ingest
from sentree.lake.soundness import check
from sentree.settings import Settings, load_settings

KEY = "k'ey"
PASSWORD = "ge'heim/+ nis"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server on loopback that speaks S3, with an empty bucket `evidence`."""
    moto = pytest.importorskip(
        "moto.server", reason="no S3 server is installed (pip: moto[server])"
    )
    try:
        extension_file("httpfs")
    except ConfigurationError as error:
        pytest.skip(str(error))
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with urlopen(Request(f"http://{host}:{port}/evidence", method="PUT")):
        pass
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def settings(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Settings:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    place = f"s3://evidence/{abs(hash(request.node.name))}/lake/"
    return Settings(home=tmp_path / "home", data_path=place)


def stored(lake: Lake) -> list[str]:
    return [row["file"] for row in lake.query("SELECT file FROM glob(?)", [f"{lake.data.path}/**"])]


def test_a_lake_in_a_bucket_answers_as_one_on_a_disk(
    settings: Settings, told_on_disk: tuple[Path, Told]
) -> None:
    logs, told = told_on_disk
    assert whole_way(settings, logs) == told
    assert told.accepted > 100 and told.detections > 5 and told.timeline
    assert not list(settings.lake_dir.rglob("*.parquet"))
    with Lake.open(settings) as lake:
        assert check(lake).is_sound
        assert lake.info().bytes_on_disk > 50_000


def test_upkeep_removes_what_it_should_from_a_bucket(tmp_path: Path, settings: Settings) -> None:
    with Lake.open(settings) as lake:
        for number in range(3):
            (tmp_path / f"{number}.jsonl").write_text(lines(records(20, number * 20)))
            ingest(lake, [tmp_path / f"{number}.jsonl"], settings=settings)
        lake.execute(f"COPY (SELECT 1 AS a) TO '{lake.data.path}/main/events/stray.parquet'")
        assert [Path(path).name for path in check(lake, repair=True).orphans] == ["stray.parquet"]
        assert check(lake).is_sound
        before = [path for path in stored(lake) if "/events/" in path]
        compact(lake)
        later = datetime.now(UTC) + timedelta(days=30)
        for _ in range(2):
            expire(lake, settings.runs_dir, older_than=timedelta(days=1), now=later)
        assert len(before) == 3
        assert len([path for path in stored(lake) if "/events/" in path]) == 1
        request = ForgetRequest(entity=Entity(kind="user", value="maria"))
        forget(lake, settings, request, datetime.now(UTC))
        assert lake.info().tables["events"] == 0
        assert not [path for path in stored(lake) if "/events/" in path]
        assert check(lake).is_sound


def test_what_is_missing_or_wrong_is_said_without_the_key(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a.jsonl").write_text(lines(records(30)))
    monkeypatch.setenv("SENTREE_DATA_PATH", str(settings.data_path))
    words = ["--home", str(settings.home)]
    assert run(["ingest", str(tmp_path / "a.jsonl"), *words]) == 0
    assert run(["doctor", *words]) == 0
    assert run(["config", "show", *words]) == 0
    assert run(["ingest", str(tmp_path / "a.jsonl"), "--home", str(tmp_path / "second")]) == 3
    monkeypatch.setenv("SENTREE_DATA_PATH", "s3://nowhere/x")
    assert run(["lake", "info", *words]) == 3
    assert run(["ingest", str(tmp_path / "a.jsonl"), "--home", str(tmp_path / "new")]) == 3
    monkeypatch.delenv("SENTREE_DATA_PATH")
    with pytest.raises(LakeError, match="set data_path"):
        Lake.open(load_settings(home=settings.home))
    out, err = capfd.readouterr()
    assert "give each lake a data_path of its own" in err
    assert ("s3://evidence/" in out and "NoSuchBucket" in err + out) or "404" in err + out
    assert KEY not in out + err and PASSWORD not in out + err
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="AWS_SECRET_ACCESS_KEY"):
        Lake.open(settings)


@pytest.mark.parametrize("text", ["gs://a/b", "s3:/bucket", "s3://B/x y", "/data", "s3://a-/x"])
def test_a_place_that_is_no_bucket_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="s3://BUCKET"):
        load_settings(data_path=text)
