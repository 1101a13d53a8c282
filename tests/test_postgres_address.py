"""A catalogue's address in each form that people have it in, and never its password in view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.errors import ConfigurationError
from sentree.postgres_address import PostgresAddress, read_address
from sentree.settings import Settings, explain_settings, load_settings


def options(text: str) -> tuple[dict[str, str], str | None]:
    address = read_address(text)
    return dict(address.options), address.password


@pytest.mark.parametrize(
    ("text", "expected", "password"),
    [
        (
            "postgres://u:p%40w@db:5433/logs?sslmode=require",
            {"host": "db", "port": "5433", "user": "u", "dbname": "logs", "sslmode": "require"},
            "p@w",
        ),
        ("postgresql://db/logs?password=x", {"host": "db", "dbname": "logs"}, "x"),
        ("postgres:host=/run/pg dbname=logs", {"host": "/run/pg", "dbname": "logs"}, None),
        (r"ducklake:postgres:dbname='a b' password='it\'s \\'", {"dbname": "a b"}, "it's \\"),
        (" dbname = logs ", {"dbname": "logs"}, None),
        (
            "postgres://u@[::1]:5432,other:5433/logs",
            {"host": "::1,other", "port": "5432,5433", "user": "u", "dbname": "logs"},
            None,
        ),
    ],
)
def test_every_form_is_read(text: str, expected: dict[str, str], password: str | None) -> None:
    assert options(text) == (expected, password)


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(st.dictionaries(st.sampled_from(["host", "user", "dbname"]), words, min_size=1), words)
def test_what_is_written_is_read_back(given: dict[str, str], password: str) -> None:
    address = PostgresAddress(tuple(given.items()), password)
    assert options(address.conninfo) == ({"connect_timeout": "10", **given}, None)
    assert options(address.shown) == (given, "********")


@pytest.mark.parametrize(
    "text", ["", "geheim", "mysql://u:geheim@db/x", "host=a geheim", "password='geheim", "/geheim"]
)
def test_what_is_no_address_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ValueError, match="write postgres://") as error:
        read_address(text)
    assert "geheim" not in str(error.value)
    with pytest.raises(ConfigurationError, match="'catalog'") as refused:
        load_settings(catalog=text)
    assert "geheim" not in str(refused.value)


def test_a_key_with_a_passphrase_is_refused() -> None:
    with pytest.raises(ValueError, match="sslpassword"):
        read_address("host=db sslpassword=x")


def test_settings_show_the_address_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTREE_CATALOG", "postgres://u:geheim@db/logs")
    [row] = [row for row in explain_settings({}) if row.name == "catalog"]
    assert row.value == "postgres:host=db user=u dbname=logs password=********"
    assert row.source == "environment"
    assert "geheim" not in repr(Settings()) + Settings().model_dump_json()
