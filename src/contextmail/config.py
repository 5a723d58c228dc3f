"""Settings: contextmail.toml and the environment, and nothing but this and `environment` reads either.

What is given to `load` wins over the environment (`CONTEXTMAIL_CURRENCY`), which wins over the file. Secrets stay in
the environment: a file that holds one is refused.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from contextmail.environment import FILE
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.model.claim import UNSUPPRESSIBLE, Claim, Policy, RuleOverride
from contextmail.model.consent_options import ConsentOptions
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.identity import Identity, System, SystemName, TableName
from contextmail.model.list_options import ListOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.model.rewriter import RewriterOptions
from contextmail.model.tables import FactDefinition, TableMapping

_SECRET = re.compile(r"(^|[_-])(api[_-]?key|secret|password|passwd|token)$", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"^\w+(\+\w+)?://[^/@:\s]+:[^/@\s]+@")


def _utc(value: object) -> datetime:
    """Read a date, a time or its text as UTC without a zone."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        at = None
    if isinstance(at, datetime):
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    if isinstance(at, date):
        return datetime(at.year, at.month, at.day)
    raise ValueError(f"{value!r} is no time: write 2026-05-31 or 2026-05-31T09:00:00Z")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _unprotected(name: str) -> str:
    if name in UNSUPPRESSIBLE:
        raise ValueError(f"{name!r} cannot be changed: it is the recipient's own choice, and no setting overrides it")
    return name


RuleName = Annotated[str, AfterValidator(_unprotected)]


class Limits(BaseModel):
    """How much may be wrong before a run is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bad_rows: int = Field(default=1000, ge=0)
    """Broken rows of a table that are reported and skipped; one more is an error."""
    dropped: float = Field(default=0.5, ge=0, le=1)
    """The share of a draft's recipients that a plan may drop."""
    changed: float = Field(default=0.01, ge=0, le=1)
    """The share of contacts that may have changed since a plan was made, or fail; they are skipped."""
    mended: float = Field(default=0.5, ge=0, le=1)
    """The share of an audience's contacts whose names an audit's plan may rewrite."""
    plan_hours: float = Field(default=24, ge=0)
    """For how long a plan may be applied."""
    tidy_days: int = Field(default=30, ge=0)
    """Days after its last use for which a contact field is left."""


class Settings(BaseModel):
    """Everything that a company sets, checked; `[tables.*]`, `[[fact]]`, `[[claim]]` and the rest as typed values."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    path: Path | None = None
    """The file that was read; None: there was none."""
    as_of: Annotated[datetime, BeforeValidator(_utc)] = Field(default_factory=_now)
    """The one clock of facts, ages and policies: UTC without a zone."""
    facts: Path = Path("facts")
    """The folder of built facts."""
    store: Path = Path(".contextmail")
    """The folder of contextmail's own memory: runs with what they wrote."""
    pulled: Path | None = None
    """A folder that `contextmail pull` fills, or one of such folders; their tables count where none is mapped by hand."""
    brand: str = ""
    """The company as its customers know it."""
    language: str = "en"
    """The language of lexicon and phrasebook."""
    locale: str = ""
    """How numbers, money and dates are written, as `en_GB` or `de_CH`; empty: as in the language and the currency's country."""
    dialect: str = ""
    """The template language (`mailchimp`, `hubl`, `liquid`); empty: seen from the tokens."""
    currency: str = ""
    """The company's currency, as ISO 4217 names it; money facts are in its minor units."""
    ownership: Literal["person", "account"] = "person"
    """Who owns a product: the person alone, or the person or their account."""
    platform: str = ""
    """The platform that will deliver (`mailchimp`, `hubspot`): it enforces its own list of opt-outs."""
    min_confidence: Literal["high", "low"] = "high"
    """The confidence from which a finding changes the exit code."""
    guess: bool = True
    """Whether a sentence in which no pattern locates a claim is judged by all of its words: such a finding is of low
    confidence, and only shown. English alone."""
    baseline: Path = Path("baseline.json")
    """The file of findings that were there before, and do not fail CI."""
    fields: dict[str, str] = {}
    """Audience field -> fact: `FNAME` -> `first_name`."""
    rates: dict[str, Decimal] = {}
    """Currency -> how much of the company's currency one unit of it is worth."""
    tables: dict[TableName, TableMapping] = {}
    """`[tables.orders]` and its like: where each table lies, and what its columns mean."""
    systems: dict[SystemName, System] = {}
    """`[systems.crm]`: other systems that know the same customers, pulled or mapped by hand."""
    identity: Identity = Identity()
    """`[identity]`: which ids make customers of several systems one person, and which system is believed."""
    max_age: dict[str, NonNegativeInt | Literal["never"]] = {}
    """Fact -> days after which it is unknown, or `never`; `contextmail facts describe` says what holds of the others."""
    fact_definitions: tuple[FactDefinition, ...] = Field(default=(), alias="fact")
    """`[[fact]]`: facts of the company's own."""
    claims: tuple[Claim, ...] = Field(default=(), alias="claim")
    """`[[claim]]`: claims of the company's own."""
    policies: tuple[Policy, ...] = Field(default=(), alias="policy")
    """`[[policy]]`: policies of the company's own."""
    rules: dict[RuleName, RuleOverride] = {}
    """`[rules.NAME]`: what the company changes in a rule."""
    phrasebook: dict[str, Any] = {}
    """A company's own lines of the phrasebook: texts, lists and tables, as the phrasebook has them."""
    mailchimp: MailchimpOptions = MailchimpOptions()
    """`[mailchimp]`: which audience is read and written, and how gently."""
    hubspot: HubspotOptions = HubspotOptions()
    """`[hubspot]`: which contacts are read and written, how gently, and which properties are facts."""
    consent: ConsentOptions = ConsentOptions()
    """`[consent]`: where the ledger lies, and which systems it is kept in step with."""
    lists: ListOptions = ListOptions()
    """`[lists]`: how long a list for a call centre or a letter shop may be used, and how its outcomes are read."""
    rewriter: RewriterOptions = RewriterOptions()
    """`[rewriter]`: a language model that may propose other words for the phrasebook's texts."""
    limits: Limits = Limits()
    """How much may be wrong before a run is refused."""

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Settings:
        rules = [claim.name for claim in self.claims] + [policy.name for policy in self.policies]
        for names in (rules, [fact.name for fact in self.fact_definitions]):
            for name in map(_unprotected, names):
                if names.count(name) > 1:
                    raise ValueError(f"{name!r} is there twice: rename one of them")
        return self

    @property
    def folder(self) -> Path:
        """Give the folder to which the paths of the file are relative."""
        return self.path.parent if self.path else Path()


def load(path: Path | None = None, **overrides: Any) -> Settings:
    """Read settings from `path` (a file, or a folder that holds contextmail.toml), else from the working folder.

    Without a file the defaults hold. `overrides` are settings by name; one that is None is not given.
    Raises ConfigurationError with file, line, key and cure for the first mistake.
    """
    file = _find(path)
    text = _read(file) if file else ""
    values = _parse(text, file) if file else {}
    place = _Places(file, text)
    if "path" in values:
        raise ConfigurationError("unknown key 'path'", where=place("path"), cure="paths stand in [tables.NAME]")
    _refuse_secrets(values, place)
    if file:
        values = _columns_together(_from_folder(values, file.parent))
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate({**values, **_environment(), **given, "path": file})
    except ValidationError as error:
        raise _explained(error, place) from None


def _find(path: Path | None) -> Path | None:
    if path is None:
        return Path(FILE) if Path(FILE).is_file() else None
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise ConfigurationError("no such file", where=str(file), cure=f"check the path, or write a {FILE} there")
    return file


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"not UTF-8 at byte {error.start}", where=str(file), cure="save it as UTF-8") from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        # rates are exact: a float would not be
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not TOML: {error}", where=str(file), cure="correct that line") from None


def _environment() -> dict[str, str]:
    """Give the settings that the environment makes: those that are one text, as `CONTEXTMAIL_<NAME>`."""
    plain = (name for name, field in Settings.model_fields.items() if field.alias is None and name not in _TABLED)
    return {name: value for name in plain if (value := os.environ.get(f"CONTEXTMAIL_{name.upper()}"))}


_TABLED = {
    "path",
    "fields",
    "rates",
    "tables",
    "systems",
    "identity",
    "max_age",
    "rules",
    "phrasebook",
    "mailchimp",
    "hubspot",
    "consent",
    "lists",
    "rewriter",
    "limits",
}


def _from_folder(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the paths of the file relative to the working folder."""
    defaults = {"facts": "facts", "baseline": "baseline.json", "store": ".contextmail"}
    defaults |= {"pulled": str(values["pulled"])} if "pulled" in values else {}
    values = values | {key: folder / str(values.get(key, default)) for key, default in defaults.items()}
    for system in _inner(values, "systems").values():
        if isinstance(system, dict) and "pulled" in system:
            system["pulled"] = folder / str(system["pulled"])
    return values


def _columns_together(values: dict[str, Any]) -> dict[str, Any]:
    """Gather what a table says beyond a mapping's own keys: roles of columns; and the tables of each system."""
    values = dict(values)
    for name, gather in (("tables", _mapping), ("systems", _system)):
        if inner := _inner(values, name):
            values[name] = {key: gather(value) for key, value in inner.items()}
    if identity := _inner(values, "identity"):
        values["identity"] = {key: _mapping(value) if key == "links" else value for key, value in identity.items()}
    return values


def _inner(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = values.get(key)
    return inner if isinstance(inner, dict) else {}


def _mapping(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    own = TableMapping.model_fields.keys()
    columns = {role: column for role, column in table.items() if role not in own}
    return {
        **{key: value for key, value in table.items() if key in own},
        "columns": {**table.get("columns", {}), **columns},
    }


def _system(system: Any) -> Any:
    if not isinstance(system, dict):
        return system
    tables = {name: _mapping(table) for name, table in system.items() if isinstance(table, dict)}
    return {**{key: value for key, value in system.items() if key not in tables}, "tables": tables}


# ------------------------------------------------------------------------------------------------------- refusals


class _Places:
    """Find the line of a key: `tables.orders.where` -> `contextmail.toml:12: tables.orders.where`."""

    def __init__(self, file: Path | None, text: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {}
        section, counts = "", dict[str, int]()
        for number, line in enumerate(text.split("\n"), 1):
            if table := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
                section = table[2].replace('"', "").replace("'", "")
                if table[1] == "[[":
                    counts[section] = counts.get(section, -1) + 1
                    section = f"{section}.{counts[section]}"
                self.lines.setdefault(section, number)
            elif key := re.match(r"\s*[\"']?([\w.-]+)[\"']?\s*=", line):
                self.lines.setdefault(f"{section}.{key[1]}".lstrip("."), number)

    def __call__(self, *keys: object) -> str:
        """Name the file, the line and the key; the line of the nearest table where the key has none."""
        dotted = ".".join(map(str, keys))
        if not dotted:
            return str(self.file or "")
        near = dotted
        while near and near not in self.lines:
            near = near.rpartition(".")[0]
        line = f":{self.lines[near]}" if near else ""
        return f"{self.file}{line}: {dotted}" if self.file else dotted


def _refuse_secrets(values: Mapping[str, Any], place: _Places) -> None:
    cure = "put it into an environment variable"
    for keys, value in _leaves(values):
        if keys[0] not in {"tables", "systems", "fields", "phrasebook"} and _SECRET.search(keys[-1]):
            raise ConfigurationError("a secret does not belong in this file", where=place(*keys), cure=cure)
        if isinstance(value, str) and _PASSWORD_IN_URL.match(value):
            raise ConfigurationError("a password does not belong in this file", where=place(*keys), cure=cure)


def _leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """List the plain values of nested tables and lists with the keys that lead to each."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*keys, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _leaves(inner, (*keys, str(at)))
    else:
        yield keys, value


def _explained(error: ValidationError, place: _Places) -> ConfigurationError:
    """Say the first mistake in the words of the file."""
    first = error.errors()[0]
    keys = [str(key) for key in first["loc"] if key != "[key]"]
    if keys[:1] == ["systems"] and keys[2:3] == ["tables"]:
        del keys[2]
    if first["type"] == "extra_forbidden":
        known = _known(keys[:-1])
        cure = did_you_mean(keys[-1], known) or f"one of {', '.join(known)}"
        return ConfigurationError(f"unknown key {keys[-1]!r}", where=place(*keys), cure=cure)
    if first["type"] == "missing":
        return ConfigurationError(f"{keys[-1]!r} is missing", where=place(*keys), cure=f"add {keys[-1]} = …")
    if first["type"] == "value_error":
        return ConfigurationError(first["msg"].removeprefix("Value error, "), where=place(*keys))
    return ConfigurationError(f"{first['input']!r}: {first['msg'].lower()}", where=place(*keys))


def _known(keys: list[str]) -> list[str]:
    """List the keys that are understood in a table of the file."""
    inner: dict[str, type[BaseModel]] = {
        "tables": TableMapping, "fact": FactDefinition, "claim": Claim, "policy": Policy, "rules": RuleOverride,
        "limits": Limits, "mailchimp": MailchimpOptions, "hubspot": HubspotOptions, "rewriter": RewriterOptions,
        "consent": ConsentOptions, "identity": Identity, "systems": System if len(keys) == 2 else TableMapping,
    }  # fmt: skip
    model = inner.get(keys[0], Settings) if keys else Settings
    return sorted(field.alias or name for name, field in model.model_fields.items() if name != "path")
