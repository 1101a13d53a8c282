"""The other engine: rules through pysigma-backend-sqlite, run on SQLite. Runs by itself.

Run as `python peer.py JOB ANSWER` with a Python that has the engine and nothing of Sentree. JOB is
JSON: `tables`, each with `columns` and `rows` (event number, then texts or nulls), and `rules`,
each with `uid`, `table` and `yaml`. ANSWER gets `hits`, pairs of rule uid and event number, and
`problems`, why a rule could not be run.
"""

from __future__ import annotations

import functools
import json
import re
import sqlite3
import sys
from pathlib import Path

TEXT = "sigma_record_values"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _found(pattern: str, value: object) -> bool:
    return value is not None and _compiled(pattern).search(str(value)) is not None


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def main(job_path: str, answer_path: str) -> None:
    from sigma.backends.sqlite import sqliteBackend  # pyright: ignore[reportMissingImports]
    from sigma.rule import SigmaRule

    job = json.loads(Path(job_path).read_text("utf-8"))
    connection = sqlite3.connect(":memory:")
    connection.create_function("regexp", 2, _found, deterministic=True)
    columns: dict[str, set[str]] = {}
    for table, held in job["tables"].items():
        # Names that differ in case only are one column to SQLite: the first value counts.
        places: dict[str, list[int]] = {}
        for place, name in enumerate(held["columns"], 1):
            places.setdefault(name.lower(), []).append(place)
        named = [_quoted(held["columns"][where[0] - 1]) for where in places.values()]
        columns[table] = set(places)
        declared = ", ".join(f"{name} TEXT COLLATE NOCASE" for name in named)
        connection.execute(f"CREATE TABLE {table} (event INTEGER PRIMARY KEY, {declared})")
        marks = ", ".join("?" for _ in range(len(named) + 1))
        connection.executemany(
            f"INSERT INTO {table} VALUES ({marks})",
            (
                [
                    row[0],
                    *(
                        next((row[place] for place in where if row[place] is not None), None)
                        for where in places.values()
                    ),
                ]
                for row in held["rows"]
            ),
        )
    hits: list[tuple[str, int]] = []
    problems: dict[str, str] = {}
    for rule in job["rules"]:
        table = rule["table"]
        backend = sqliteBackend(table=table, fulltext_field=TEXT, collate_nocase=True)
        try:
            parsed = SigmaRule.from_yaml(rule["yaml"])
            queries = backend.convert_rule(parsed)
            for name in backend.required_fields(parsed):
                if name.lower() not in columns[table]:
                    connection.execute(
                        f"ALTER TABLE {table} ADD COLUMN {_quoted(name)} TEXT COLLATE NOCASE"
                    )
                    columns[table].add(name.lower())
            found: set[int] = set()
            for query in queries:
                wanted = query.replace("SELECT *", "SELECT event", 1)
                found.update(number for (number,) in connection.execute(wanted))
        except Exception as error:
            problems[rule["uid"]] = f"{type(error).__name__}: {error}"
            continue
        hits += [(rule["uid"], number) for number in sorted(found)]
    answer = {"hits": hits, "problems": problems, "sqlite": sqlite3.sqlite_version}
    Path(answer_path).write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
