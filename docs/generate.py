"""Print the pages that are made from the code, and the output blocks of the README.

`generate.py` writes them, `generate.py --check` says which are not current and exits with 1.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir
from inspect import getdoc
from pathlib import Path

import providers
import rewrites
import runs
import told_situations
from pydantic import BaseModel

from contextmail import config, errors
from contextmail.config import Limits, Settings
from contextmail.model import claim, consent_options, hubspot, list_options, mailchimp, rewriter, tables
from contextmail.model.claim import Claim, Policy, RuleOverride, Stage
from contextmail.model.consent_options import ConsentOptions, HubspotSystem, MailchimpSystem, SqlSystem, WebhookSystem
from contextmail.model.hubspot import HubspotOptions
from contextmail.model.list_options import ListOptions
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.model.message import Message, Part, PartKind
from contextmail.model.rewriter import RewriterOptions
from contextmail.model.tables import FactDefinition, TableMapping
from contextmail.rules import CLAIMS, POLICIES
from contextmail.rules.base import ClaimRule, PolicyRule
from contextmail.rules.stale_life_stage import STAGES, StaleLifeStage
from contextmail.sandbox.mailchimp import Sandbox, seeding

DOCS = Path(__file__).parent
README = DOCS.parent / "README.md"
SHOP = DOCS.parent / "examples" / "gift_shop"
MADE = "<!-- Made by docs/generate.py: change the code, then `make docs`. -->\n"
_TERMINAL = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}


def main() -> None:
    """Write the pages, or check that they are current."""
    made = {**pages(), README: readme()}
    stale = [path for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    gone = [path for path in (DOCS / "rules").glob("*.md") if path not in made]
    if sys.argv[1:] == ["--check"]:
        for path in [*stale, *gone]:
            print(f"{path.relative_to(DOCS.parent)} is not current: make docs", file=sys.stderr)
        sys.exit(1 if stale or gone else 0)
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made[path], "utf-8")
    for path in gone:
        path.unlink()


def pages() -> dict[Path, str]:
    """Give every page by its path."""
    rules: dict[str, type[ClaimRule] | type[PolicyRule]] = {**CLAIMS, **POLICIES}
    shown = runs.sections(_printed_here)
    made = {f"rules/{name}.md": rule_page(rule) + shown.get(name, "") for name, rule in rules.items()}
    made |= {"rules/README.md": rule_index(), "errors.md": errors_page(), "settings.md": settings_page()}
    made |= {
        "cli.md": cli_page(),
        "rewrites.md": rewrites.page(),
        "providers.md": providers.page(),
        "situations.md": told_situations.page(),
    }
    return {DOCS / name: text.replace("\n", f"\n\n{MADE}", 1) for name, text in made.items()}


# ------------------------------------------------------------------------------------------------------------- rules


def rule_page(rule: type[ClaimRule] | type[PolicyRule]) -> str:
    """Give a rule's docstring, and what can be set of it."""
    summary, _, rest = (getdoc(rule) or "").partition("\n\n")
    return f"# {rule.name}\n\n{summary}\n\n{rest}\n\n## Settings\n{''.join(_settings_of(rule))}"


_NUMBERS = {
    "too-often": "| `cap`, `days` | 3 messages in 7 days |\n",
    "not-listening": "| `cap` | 12 messages without an answer |\n",
    "crossed-campaigns": "| `days` | 1: how far apart two messages must be |\n",
    "all-ask": "| `ratio` | 0.1: a message of value for ten asks |\n",
}


def _settings_of(rule: type[ClaimRule] | type[PolicyRule]) -> Iterator[str]:
    key = f"`[rules.{rule.name}]`"
    if issubclass(rule, ClaimRule):
        made = rule.claim
        untrue = (
            "is not true: praise needs proof" if made.unknown_is == "untrue" else "is true: the words stay as they are"
        )
        yield f"| {key} | default |\n|---|---|\n"
        yield f"| `true_when` | `{made.true_when}` |\n| `otherwise` | `{made.otherwise}` |\n"
        yield "| `says` | further phrases that make the claim |\n| `never` | phrases that are not this claim |\n"
        yield f"| `allow` | a reason: the rule is suppressed |\n\nUnknown {untrue}.\n"
        if rule is StaleLifeStage:
            yield "\n| stage | true when (days) |\n|---|---|\n"
            yield from (f"| `{stage}` | `{text}` |\n" for stage, text in STAGES.items())
        return
    policy = rule().definition(_A_MESSAGE)
    if rule.name in claim.UNSUPPRESSIBLE:
        yield f"For marketing by e-mail it allows `{policy.allow_when}`. No setting changes it.\n"
    else:
        yield f"| {key} | default |\n|---|---|\n"
        yield f"| `allow_when` | `{policy.allow_when}` |\n| `otherwise` | `{policy.otherwise}` |\n"
        yield _NUMBERS.get(rule.name, "")
        yield "| `allow` | a reason: the rule is suppressed |\n"
    gives = f", until `{policy.until}`" if policy.until else f", to `{policy.to}`" if policy.to else ""
    yield f"\nWhoever is not allowed: {policy.otherwise}{gives}. Unknown is {policy.unknown_is}.\n"


_A_MESSAGE = Message(parts=(Part(name="text", kind=PartKind.TEXT, source="Hello."),))


def rule_index() -> str:
    """List the rules with their first lines."""
    lines = [
        "# Rules",
        "",
        "What a message says of its recipient: claims.",
        "",
        "| claim | what it does |",
        "|---|---|",
    ]
    lines += [f"| [{name}]({name}.md) | {_first_line(rule)} |" for name, rule in CLAIMS.items()]
    lines += ["", "What a message does to its recipient: policies.", "", "| policy | what it does |", "|---|---|"]
    lines += [f"| [{name}]({name}.md) | {_first_line(rule)} |" for name, rule in POLICIES.items()]
    return "\n".join(lines) + "\n"


def _first_line(made: object) -> str:
    return (getdoc(made) or "").partition("\n")[0]


# ------------------------------------------------------------------------------------------------ errors and settings


def errors_page() -> str:
    """Give the tree of errors, and what each says."""
    head, tree = re.split(r"\n\n(?= )", getdoc(errors) or "", maxsplit=1)
    classes = [node.name for node in _tree(errors.__file__).body if isinstance(node, ast.ClassDef)]
    texts = [f"## {name}\n\n{getdoc(getattr(errors, name))}\n" for name in classes]
    branches, _, rest = tree.partition("\n\n")
    return f"# Errors\n\n{head}\n\n```\n{_dedented(branches)}\n```\n\n{rest}\n\n" + "\n".join(texts)


def settings_page() -> str:
    """Give every key of contextmail.toml with its type, its default and what it means."""
    places: list[tuple[str, type[BaseModel], str | None]] = [
        ("contextmail.toml", Settings, config.__file__),
        ("[tables.NAME]", TableMapping, tables.__file__),
        ("[[fact]]", FactDefinition, tables.__file__),
        ("[[claim]]", Claim, claim.__file__),
        ("[[policy]]", Policy, claim.__file__),
        ("[rules.NAME]", RuleOverride, claim.__file__),
        ("[rules.stale-life-stage.stages.NAME]", Stage, claim.__file__),
        ("[limits]", Limits, config.__file__),
        ("[lists]", ListOptions, list_options.__file__),
        ("[mailchimp]", MailchimpOptions, mailchimp.__file__),
        ("[hubspot]", HubspotOptions, hubspot.__file__),
        ("[rewriter]", RewriterOptions, rewriter.__file__),
        ("[consent]", ConsentOptions, consent_options.__file__),
        ('[consent.systems."mailchimp:LIST"]', MailchimpSystem, consent_options.__file__),
        ("[consent.systems.hubspot]", HubspotSystem, consent_options.__file__),
        ('[consent.systems."sql:NAME"]', SqlSystem, consent_options.__file__),
        ('[consent.systems."webhook:NAME"]', WebhookSystem, consent_options.__file__),
    ]
    head = f"# Settings\n\n{getdoc(config)}\n"
    return head + "".join(
        f"\n## {title}\n\n{_first_line(model)}\n\n{_keys(model, file)}" for title, model, file in places
    )


def _keys(model: type[BaseModel], file: str | None) -> str:
    documented = _field_docs(model, file)
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, (annotation, text) in documented.items():
        field = model.model_fields[name]
        default = "required" if field.is_required() else "" if field.default_factory else _toml(field.get_default())
        if not (model is Settings and name == "path"):
            kind = annotation.replace("|", "\\|")
            rows.append(f"| `{field.alias or name}` | `{kind}` | {default} | {' '.join(text.split())} |")
    return "\n".join(rows) + "\n"


def _toml(value: object) -> str:
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    return f'`"{value}"`' if isinstance(value, str | Path) else f"`{str(value).lower()}`"


def _field_docs(model: type[BaseModel], file: str | None) -> dict[str, tuple[str, str]]:
    """Read each field's annotation and the text below it from the source of a model and of what it builds on."""
    names = [one.__name__ for one in model.__mro__]
    found = [n for n in _tree(file).body if isinstance(n, ast.ClassDef) and n.name in names]
    body = [node for one in sorted(found, key=lambda one: names.index(one.name)) for node in one.body]
    fields: dict[str, tuple[str, str]] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            kind = re.sub(r"Annotated\[(\w+), .*\]$", r"\1", ast.unparse(node.annotation))
            fields[node.target.id] = (kind, str(said))
    return fields


def _tree(file: str | None) -> ast.Module:
    return ast.parse(Path(file or "").read_text("utf-8"))


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines())


# -------------------------------------------------------------------------------------------------- what is printed


def cli_page() -> str:
    """Give the help of every command."""
    from typer.main import get_command
    from typer.testing import CliRunner

    from contextmail.cli.app import app

    text = "# Command line\n"
    for words in _commands(get_command(app)):
        printed = CliRunner().invoke(app, [*words, "--help"], prog_name="contextmail", env=_TERMINAL).stdout
        text += f"\n## {' '.join(['contextmail', *words])}\n\n```console\n{_trimmed(printed)}\n```\n"
    return text


def _commands(command: object, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, *words, name)


def _printed(words: list[str], folder: Path, platform: Mapping[str, str]) -> str:
    """Run contextmail in `folder` and give what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONTEXTMAIL_")}
    done = subprocess.run(
        [sys.executable, "-m", "contextmail", *words],
        cwd=folder, env={**kept, **_TERMINAL, **platform},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode > 1:
        sys.exit(f"contextmail {shlex.join(words)}\n{done.stderr}")
    return _trimmed(done.stdout)


def _printed_here(words: list[str], folder: Path) -> str:
    """Run contextmail in `folder`, within this process, and give what it prints."""
    from typer.testing import CliRunner

    from contextmail.cli.app import app

    environment = {name: None for name in os.environ if name.startswith("CONTEXTMAIL_")}
    with chdir(folder):
        done = CliRunner().invoke(app, words, prog_name="contextmail", env={**environment, **_TERMINAL})
    if done.exit_code > 1:
        sys.exit(f"contextmail {shlex.join(words)}\n{done.output}")
    return _trimmed(done.stdout)


def _trimmed(printed: str) -> str:
    lines = [line.rstrip() for line in printed.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


_RUN = re.compile(r"(<!-- run: contextmail (?P<words>[^\n]*?) -->\n```console\n).*?(?=```$)", re.MULTILINE | re.DOTALL)


_RUN_NAME, A_RUN = re.compile(r"\b\d{8}-[0-9a-f]{8}\b"), "20111210-1f2e3d4c"
_UNTIL, SOON = re.compile(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC"), "until 2011-12-11 09:00 UTC"
"""What differs from one printing to the next."""


def readme() -> str:
    """Give the README with what each command prints after its `<!-- run: contextmail … -->`.

    They run in a copy of the shop, with a Mailchimp sandbox that holds its people; ` | tail -9` keeps the last lines.
    """
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        shop = Path(shutil.copytree(SHOP, Path(folder) / "shop", ignore=shutil.ignore_patterns("facts")))
        seeding.gift_shop(sandbox.state, shop / "customers.csv")
        platform = {"CONTEXTMAIL_MAILCHIMP_URL": sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": "sandbox-us1"}
        runs = [A_RUN]

        def block(match: re.Match[str]) -> str:
            words, _, lines = match["words"].partition(" | tail -")
            printed = _printed(shlex.split(words.replace(A_RUN, runs[-1])), shop, platform)
            runs.extend(_RUN_NAME.findall(printed))
            shown = _UNTIL.sub(SOON, _RUN_NAME.sub(A_RUN, printed)).splitlines()
            return "\n".join([f"{match[1]}$ contextmail {match['words']}", *shown[-int(lines or 0) :], ""])

        return _RUN.sub(block, README.read_text("utf-8"))


if __name__ == "__main__":
    main()
