"""A canary outside, a context inside, and one pool of each sandbox for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.sandbox import SandboxLimits, SqlLimits
from sentree.engine.sandbox import PythonSandbox, PythonSession
from sentree.lake.sql_sandbox import SqlSandbox

from .cases import DATA

SECRET = "CANARY-71a9"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def peek(n: int = 1) -> list[str]:
    return ["line"] * n


def query(part: object, question: str = "", schema: object = None) -> dict[str, object]:
    return {"answer": question, "n": 1}


def fail(text: str) -> None:
    raise ValueError(text)


def opaque() -> object:
    return object()


FUNCTIONS: dict[str, Any] = {"ctx.peek": peek, "query": query, "fail": fail, "opaque": opaque}


@pytest.fixture(scope="session")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "canary.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="session")
def environment() -> Iterator[None]:
    os.environ["SENTREE_CANARY"] = SECRET
    yield
    del os.environ["SENTREE_CANARY"]


@pytest.fixture(scope="session")
def python_sandbox(environment: None) -> Iterator[PythonSandbox]:
    with PythonSandbox(SandboxLimits(seconds=0.6, grace=0.4)) as sandbox:
        yield sandbox


@pytest.fixture
def session(python_sandbox: PythonSandbox) -> Iterator[PythonSession]:
    with python_sandbox.session(FUNCTIONS, calls=50, now=NOW, seed=7) as session:
        yield session


@pytest.fixture(scope="session")
def context_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "context.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((DATA / "context.sql").read_text("utf-8"))
    return path


@pytest.fixture(scope="session")
def sql_sandbox(context_file: Path, environment: None) -> Iterator[SqlSandbox]:
    with SqlSandbox(context_file, ["events", "detections"], SqlLimits(seconds=1.0)) as sandbox:
        yield sandbox
