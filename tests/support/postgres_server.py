"""A Postgres server on loopback for the tests, run by an account without rights."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from pwd import getpwnam

PASSWORD = "pa'ss \\ wörd"
USER = "sentree"
NOBODY = "nobody"


class PostgresServer:
    """A running server; makes databases."""

    def __init__(self, programs: Path, port: int) -> None:
        self._programs = programs
        self._numbers = count(1)
        self.port = port

    def database(self, options: str = "") -> str:
        """Make an empty database; gives its address, with the password."""
        name = f"lake_{next(self._numbers)}"
        self.run("postgres", f"CREATE DATABASE {name} {options}")
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        return (
            f"postgres:host=127.0.0.1 port={self.port} dbname={name} user={USER}"
            f" password='{quoted}'"
        )

    def run(self, database: str, sql: str) -> str:
        """Run a statement with Postgres' own client; gives the values."""
        done = subprocess.run(
            [
                *(self._programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER),
                *("-v", "ON_ERROR_STOP=1", "-qAtc", sql, database),
            ],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def programs() -> Path | None:
    """Find the server's programs, the newest version first."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return versions[0].parent if versions else None


@contextmanager
def postgres_server(found: Path) -> Iterator[PostgresServer]:
    """Run a server with a data folder of its own."""
    # Not pytest's own folder: another account must be able to go there.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "password").write_text(PASSWORD, "utf-8")
        as_who: list[str] = []
        if os.geteuid() == 0:
            # The server refuses to be run by root.
            group = getpwnam(NOBODY).pw_gid
            as_who = ["setpriv", f"--reuid={NOBODY}", f"--regid={group}", "--clear-groups"]
            shutil.chown(folder, NOBODY)
            shutil.chown(folder / "password", NOBODY)

        def run(program: str, *words: str) -> None:
            command = [*as_who, str(found / program), "-D", str(folder / "data"), *words]
            with (folder.parent / f"{folder.name}.log").open("w+") as log:
                done = subprocess.run(command, stdout=log, stderr=log, cwd=folder, check=False)
                log.seek(0)
                assert done.returncode == 0, log.read()

        login = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"]
        run("initdb", *login, "-N", "--no-locale", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        run("pg_ctl", "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield PostgresServer(found, port)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)
