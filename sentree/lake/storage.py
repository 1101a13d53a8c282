"""Where the lake's data files are: the folder beside the catalogue, or a bucket that speaks S3."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from sentree.errors import ConfigurationError, LakeError
from sentree.settings import Settings

SCHEME = "s3://"
FOLDER = "/data"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class DataStore:
    """The place of the data files; `login` tells DuckDB what a bucket asks for."""

    path: str
    extensions: tuple[str, ...] = ()
    secret: str | None = field(default=None, repr=False)

    @property
    def is_remote(self) -> bool:
        """Whether the files are in a bucket."""
        return self.path.startswith(SCHEME)

    @property
    def shown(self) -> str:
        """Give the place for people to read; it holds no key."""
        return self.path

    def login(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Give a connection the key, as a secret: nothing that DuckDB prints holds it."""
        if self.secret:
            connection.execute(self.secret)

    def make(self) -> None:
        """Make the folder; a bucket is made by its owner."""
        if not self.is_remote:
            Path(self.path).mkdir(parents=True, exist_ok=True)

    def refuse_another(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Refuse a bucket for a new lake where files are already: upkeep would remove them.

        Raises:
            LakeError: there are.
        """
        if self.is_remote:
            found = connection.execute("SELECT file FROM glob(?) LIMIT 1", [f"{self.path}/**"])
            if found.fetchone():
                raise LakeError(
                    f"there are files in {self.path} already, of another lake perhaps: give each"
                    " lake a data_path of its own"
                )

    def is_there(self) -> bool:
        """Whether the folder is there; of a bucket DuckDB tells at the first use."""
        return self.is_remote or Path(self.path).is_dir()


def data_store(settings: Settings, folder: Path) -> DataStore:
    """Give the place of the data of the lake in a folder.

    Raises:
        ConfigurationError: the data are in a bucket and no key to it is set.
    """
    if settings.data_path is None:
        return DataStore(str(folder / "data"))
    # A folder of its own below what was named: a lake below another's would look like left-overs.
    path = settings.data_path.rstrip("/") + FOLDER
    return DataStore(path, ("httpfs",), _secret(path, os.environ))


def _secret(path: str, environment: Mapping[str, str]) -> str:
    """Compile the statement that makes the secret, from the variables that AWS' own tools read."""
    key = environment.get("AWS_ACCESS_KEY_ID")
    password = environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not password:
        raise ConfigurationError(
            f"the lake's data are in {path}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    options = {
        "KEY_ID": key,
        "SECRET": password,
        "REGION": region or DEFAULT_REGION,
        "SCOPE": path,
    }
    if token := environment.get("AWS_SESSION_TOKEN"):
        options["SESSION_TOKEN"] = token
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    plain = ""
    if endpoint:
        address = urlsplit(endpoint)
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ConfigurationError("AWS_ENDPOINT_URL is no address such as https://s3.example")
        options |= {"ENDPOINT": address.netloc + address.path.rstrip("/"), "URL_STYLE": "path"}
        plain = f", USE_SSL {str(address.scheme == 'https').lower()}"
    values = ", ".join(f"{name} '{_doubled(value)}'" for name, value in options.items())
    return f"CREATE OR REPLACE TEMPORARY SECRET lake_data (TYPE s3, {values}{plain})"


def _doubled(text: str) -> str:
    return text.replace("'", "''")
