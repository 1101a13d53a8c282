"""Settings: flag > SENTREE_* > .env > sentree.toml > user file > default, each with its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.digest import Level
from sentree.errors import ConfigurationError
from sentree.postgres_address import read_address

BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s?#*\[\]{}]*)?")
USER_FILE = Path("~/.config/sentree/config.toml")


class NotifySettings(BaseModel):
    """Who is told of a digest, and of what in it: the table `[notify]` of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[SecretStr, ...] = ()
    """Addresses as Apprise writes them, or `prefect-block://TYPE/NAME`."""
    level: Level = "high"
    degraded: bool = True
    silent: bool = True


class Settings(BaseSettings):
    """Every setting; `home` holds lake, runs and Prefect's own state."""

    model_config = SettingsConfigDict(
        env_prefix="SENTREE_",
        env_file=".env",
        extra="ignore",
        toml_file="sentree.toml",
        # A refused value may hold a password.
        hide_input_in_errors=True,
    )

    home: Path = Field(default=Path(".sentree"), description="folder of lake, runs, Prefect state")
    catalog: SecretStr | None = Field(
        default=None,
        description="Postgres database of the lake's catalogue; without it, a file in home",
    )
    data_path: str | None = Field(
        default=None, description="s3://BUCKET/PREFIX of the lake's data; without it, in home"
    )
    tenant: str = Field(default="default", description="tenant of ingested and asked events")
    threads: int = Field(default=2, ge=1, le=256, description="threads of DuckDB and of leaves")
    memory_limit: str = Field(default="1500MB", description="DuckDB memory limit of a process")
    max_line_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1024, description="a longer record is rejected"
    )
    leaf_characters: int = Field(
        default=400_000, ge=1_000, description="character budget of a leaf partition"
    )
    max_depth: int = Field(default=8, ge=1, le=16, description="depth limit of a planned tree")
    executor: Literal["local", "threads", "dask", "ray"] = Field(
        default="threads",
        description="where trees run: local (no Prefect), or as task runs in threads, dask, ray",
    )
    workers: int = Field(
        default=2, ge=1, le=1024, description="worker processes that dask or ray starts here"
    )
    dask_address: str | None = Field(
        default=None, description="scheduler of a running Dask cluster, instead of one made here"
    )
    model: str = Field(
        default="embedded", description="embedded (no language model), or a model's name"
    )
    leaf_model: str | None = Field(default=None, description="model that reads parts, if another")
    api_key: SecretStr | None = Field(
        default=None, description="key of the Messages API; without it, ANTHROPIC_API_KEY"
    )
    base_url: str | None = Field(
        default=None, description="server that speaks the Messages API, instead of Anthropic's"
    )
    prices: Path | None = Field(default=None, description="price file, instead of the built-in one")
    redaction: str | None = Field(
        default=None,
        description="policy file of what no model may see; 'off' sends secrets as they stand",
    )
    stream: bool = Field(default=False, description="stream every answer of a model")
    notify: NotifySettings = Field(
        default=NotifySettings(), description="who is told of a digest, and of what in it"
    )
    log_format: Literal["off", "text", "json"] = Field(
        default="off", description="logs of what is done: none, lines of text, or JSON lines"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level of what is logged"
    )
    log_file: Path | None = Field(default=None, description="file to log to, instead of stderr")

    @field_validator("executor", mode="before")
    @classmethod
    def _name_of_executor(cls, value: object) -> object:
        # What the commands without a tree call it, which know Prefect in threads only.
        return "threads" if value == "prefect" else value

    @field_validator("catalog")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_address(value.get_secret_value())
        return value

    @field_validator("data_path")
    @classmethod
    def _is_bucket(cls, value: str | None) -> str | None:
        if value is not None and not BUCKET.fullmatch(value):
            raise ValueError("write s3://BUCKET/PREFIX")
        return value

    @property
    def lake_dir(self) -> Path:
        """Where the lake's catalogue and data are."""
        return self.home / "lake"

    @property
    def runs_dir(self) -> Path:
        """Where each run's context, result and reports are."""
        return self.home / "runs"

    @property
    def router_dir(self) -> Path:
        """Where `sentree route train` puts router heads, which come before the shipped ones."""
        return self.home / "router"

    @property
    def rule_cache(self) -> Path:
        """Where compiled Sigma rules are kept."""
        return self.home / "rules.sqlite"

    @property
    def prefect_home(self) -> Path:
        """Prefect's state, kept out of the user's home folder."""
        return self.home / "prefect"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources as documented; the first that has a value wins."""
        return (
            init_settings,
            env_settings,
            dotenv_settings,
            TomlConfigSettingsSource(settings_cls),
            TomlConfigSettingsSource(settings_cls, toml_file=USER_FILE.expanduser()),
        )


def load_settings(**flags: Any) -> Settings:
    """Load the settings; flags that are None don't count.

    Raises:
        ConfigurationError: a value can't be read; says which, and why.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"setting '{name}': {first['msg']} (see `sentree config show`)"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"configuration file can't be read: {error}") from None


class SettingSource(NamedTuple):
    """A setting's effective value, and where it comes from; a secret's value is masked."""

    name: str
    value: str
    source: str


def explain_settings(flags: Mapping[str, Any]) -> list[SettingSource]:
    """Tell, for every setting, its value and its source.

    Raises:
        ConfigurationError: a value can't be read.
    """
    settings = load_settings(**flags)
    named: list[tuple[str, PydanticBaseSettingsSource]] = [
        ("environment", EnvSettingsSource(Settings)),
        (".env", DotEnvSettingsSource(Settings)),
        ("sentree.toml", TomlConfigSettingsSource(Settings)),
        (str(USER_FILE), TomlConfigSettingsSource(Settings, toml_file=USER_FILE.expanduser())),
    ]
    given = [("flag", dict(flags)), *((name, source()) for name, source in named)]
    rows: list[SettingSource] = []
    for name in Settings.model_fields:
        source = next((label for label, values in given if name in values), "default")
        rows.append(SettingSource(name, _shown(name, getattr(settings, name)), source))
    return rows


def _shown(name: str, value: object) -> str:
    if not isinstance(value, SecretStr):
        return str(value)
    return read_address(value.get_secret_value()).shown if name == "catalog" else "********"
