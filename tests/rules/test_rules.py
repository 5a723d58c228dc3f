"""A rule, its page and its test are one text: the docstring's example fires, and the cases read as written."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from inspect import getdoc
from pathlib import Path
from typing import Any

import pytest
from shop import shop_of

from contextmail.campaign import Campaign
from contextmail.checking import Checked, Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.model.finding import Finding
from contextmail.previewing import visible
from contextmail.rewriting import Rewrite, rewritten
from contextmail.rules import CLAIMS, POLICIES
from contextmail.rules.base import Rule

CASES = Path(__file__).parents[1] / "cases"
RULES = Path(__file__).parents[2] / "src" / "contextmail" / "rules"
CLOCK = datetime(2026, 5, 31, 9)
SECTIONS = ["What it does", "Why it hurts", "Example", "Use instead", "Fix safety"]
CONSENT = {f"consent_{channel}_marketing": "granted" for channel in ("email", "sms")}
FIELDS = {"FNAME": "first_name", "LNAME": "last_name"}
# What an example needs besides its text: the offers of its message.
AROUND: dict[str, dict[str, Any]] = {
    "owned-offer": {"offers": [{"product": "PRO", "name": "Pro plan"}]},
    "generic-subject": {"sender": "Lantern & Lace"},
    "urgent-to-resident": {"addressed_to": "resident"},
    "silent-renewal": {"renewal_change": "From May it is published online only."},
    "mislabelled-purpose": {"purpose": "service"},
    "all-ask": {"offers": [{"name": "Brass Lantern"}]},
    "nothing-for-them": {"channel": "sms", "offers": [{"product": "PRO", "name": "Pro plan"}]},
}


# ------------------------------------------------------------------------------------------------ the literate cases


@dataclass
class Case:
    """One situation: a message, and what each customer reads of it, gets as source, or what is decided."""

    title: str
    column: str = "reads"
    message: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """What is known besides of every customer of the table."""
    rows: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    shop: dict[str, Any] = field(default_factory=dict)
    """The company's `catalogue`, and what its customers bought next."""


_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (?!customer |---)(.+?) \| (.*?) ?\|$", re.MULTILINE)


def cases_of(rule: str) -> list[Case]:
    """Read tests/cases/<rule>.md: a case per heading; what stands above the first heading holds for all."""
    head, *sections = re.split(r"^## ", (CASES / f"{rule}.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    common = _case("", head, Case(""))
    return [_case(section.partition("\n")[0], section, common) for section in sections]


def _case(title: str, text: str, common: Case) -> Case:
    case = Case(title, message=dict(common.message), settings=dict(common.settings), shop=dict(common.shop))
    for kind, inside in _FENCE.findall(text):
        if kind == "toml":
            keys = tomllib.loads(inside)
            case.settings |= keys.pop("settings", {})
            case.facts |= keys.pop("facts", {})
            case.shop |= {key: keys.pop(key) for key in ("catalogue", "bought_next") if key in keys}
            case.message |= keys
        else:
            case.message[kind] = inside.rstrip("\n")
    prose = _FENCE.sub("", text)
    if header := re.search(r"^\| customer \| (\w+) \|$", prose, re.MULTILINE):
        case.column = header[1]
    for names, expected in _ROW.findall(prose):
        case.rows |= dict.fromkeys(names.split(", "), expected)
    case.lines = re.findall(r"^- (.+)$", prose, re.MULTILINE)
    return case


@cache
def customers() -> dict[str, dict[str, Any]]:
    text = (CASES / "CUSTOMERS.md").read_text(encoding="utf-8")
    return tomllib.loads(_FENCE.findall(text)[0][1])


def settings_of(case: Case) -> Settings:
    # What the model guesses is measured in benchmarks/detection; here the patterns must know what is no claim.
    return Settings.model_validate(
        {"as_of": CLOCK, "currency": "GBP", "fields": FIELDS, "guess": False, **case.settings}
    )


@cache
def checker_of(settings: str) -> Checker:
    return Checker(Settings.model_validate_json(settings))


def rewrite_of(case: Case) -> tuple[Checker, Rewrite]:
    checker = checker_of(settings_of(case).model_dump_json(by_alias=True, exclude={"path"}))
    if case.shop:
        folder = shop_of(case.shop["catalogue"], case.shop.get("bought_next", {}))
        checker = Checker(checker.settings, folder.products)
    return checker, rewritten(checker.check(case.message), checker)


def outcome(case: Case, customer: str, checker: Checker, rewrite: Rewrite, campaign: Campaign) -> str:
    """Give what the case's table asks of one customer."""
    row = {**CONSENT, **customers()[customer], **case.facts}
    if case.column == "decision":
        decision = campaign.decide(row, as_of=CLOCK).decision
        words = [
            decision.outcome,
            decision.to,
            decision.until and f"until {decision.until:%-d %B %H:%M}",
            decision.reason and f"({decision.reason})",
        ]
        return " ".join(str(word) for word in words if word)
    texts = campaign.decide(row, as_of=CLOCK).parts
    shown = []
    for part in rewrite.message.parts:
        source = texts[part.name]
        if case.column == "gets":
            shown.append(f"`{source}`")
            continue
        if rewrite.checked.dialect:
            values = {name: row.get(fact) for name, fact in checker.settings.fields.items()}
            source = rewrite.checked.dialect.render(source, values, {})
        shown += visible(part.model_copy(update={"source": source})).split("\n")
    return " / ".join(shown) or "(nothing)"


CASE_FILES = sorted(path.stem for path in CASES.glob("*.md") if path.stem != "CUSTOMERS")
SITUATIONS = [pytest.param(rule, case, id=f"{rule}: {case.title}") for rule in CASE_FILES for case in cases_of(rule)]


@pytest.mark.parametrize(("rule", "case"), [s for s in SITUATIONS if s.values[1].rows])
def test_every_customer_reads_what_the_case_says(rule: str, case: Case) -> None:
    checker, rewrite = rewrite_of(case)
    campaign = compiled(rewrite, checker.settings)
    assert {name: outcome(case, name, checker, rewrite, campaign) for name in case.rows} == case.rows


def listed(heading: str) -> list[Any]:
    return [
        pytest.param(
            rule,
            Case(case.title, message={**case.message, **_text(line)}, settings=case.settings, shop=case.shop),
            id=f"{rule}: {line}",
        )
        for rule in CASE_FILES
        for case in cases_of(rule)
        if case.title.partition(":")[0] == heading
        for line in case.lines
    ]


def _text(line: str) -> dict[str, str]:
    """Read a line of a list: `Subject: …` is a subject, markup is HTML, anything else a paragraph."""
    if line.startswith("Subject: "):
        return {"subject": line.removeprefix("Subject: ")}
    line = line.strip("`")
    return {"html": line if line.startswith("<") else f"<p>{line}</p>"}


def found(checked: Checked | Rewrite, rule: str) -> list[Finding]:
    return [finding for finding in checked.findings if finding.rule == rule]


@pytest.mark.parametrize(("rule", "case"), listed("Not this claim"))
def test_what_is_not_the_claim_is_not_found(rule: str, case: Case) -> None:
    assert found(rewrite_of(case)[1], rule) == []


@pytest.mark.parametrize(("rule", "case"), listed("Found, and only shown"))
def test_what_cannot_be_mended_is_shown_and_left_as_it_is(rule: str, case: Case) -> None:
    rewrite = rewrite_of(case)[1]
    assert found(rewrite, rule)
    assert not any(edit.rule == rule for edit in rewrite.edits)


def test_every_rule_has_its_cases_and_every_case_its_rule() -> None:
    assert sorted([*CLAIMS, *POLICIES]) == CASE_FILES


@pytest.mark.parametrize("rule", sorted(CLAIMS))
def test_the_cases_of_a_claim_are_many(rule: str) -> None:
    cases = cases_of(rule)
    assert (
        sum(bool(case.rows) for case in cases)
        + sum(len(c.lines) for c in cases if c.title.startswith("Found, and only shown"))
        >= 12
    )
    assert sum(len(case.lines) for case in cases if case.title.startswith("Not this claim")) >= 5


# --------------------------------------------------------------------------------------------------- rules and pages


def page_of(rule: type[Rule]) -> dict[str, str]:
    """Cut a rule's docstring at its headings."""
    parts = re.split(r"^## (.+)\n", getdoc(rule) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def example(rule: type[Rule], section: str) -> str:
    match = re.fullmatch(r"```\n(.*?)\n```", page_of(rule)[section].strip(), re.DOTALL)
    assert match, f"{section} is no fenced text"
    return match[1]


@pytest.mark.parametrize("rule", [*CLAIMS.values(), *POLICIES.values()], ids=lambda rule: rule.name)
def test_the_docstring_is_a_page(rule: type[Rule]) -> None:
    assert list(page_of(rule)) == SECTIONS
    assert all(text.strip() for text in page_of(rule).values())


def test_the_registry_is_the_folder() -> None:
    files = {path.stem.replace("_", "-") for path in RULES.glob("*.py")} - {"--init--", "base", "custom", "remedies"}
    assert {*CLAIMS, *POLICIES} == files


@pytest.mark.parametrize(("name", "rule"), [*CLAIMS.items(), *POLICIES.items()])
def test_the_file_has_the_name_of_the_rule(name: str, rule: type[Rule]) -> None:
    assert rule.name == name
    assert rule.__module__ == f"contextmail.rules.{name.replace('-', '_')}"
    assert (getattr(rule, "claim", None) or rule.policy).name == name  # type: ignore[attr-defined]


def found_in(name: str, section: str) -> list[Finding]:
    case = Case(name, message={**AROUND.get(name, {}), **_text(example(CLAIMS[name], section))})
    return found(rewrite_of(case)[1], name)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_example_fires(name: str) -> None:
    assert [finding.confidence for finding in found_in(name, "Example")] == ["high"]


@pytest.mark.parametrize("name", CLAIMS)
def test_the_use_instead_does_not_fire(name: str) -> None:
    assert found_in(name, "Use instead") == []


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_refuses_its_example_and_allows_its_use_instead(name: str) -> None:
    rule = POLICIES[name]
    checker, rewrite = rewrite_of(Case(name, message={"text": "New lamps are in.", **AROUND.get(name, {})}))
    campaign = compiled(rewrite, checker.settings)
    refused, allowed = (facts_of_example(example(rule, section)) for section in ("Example", "Use instead"))
    assert campaign.decide({**CONSENT, **refused}, as_of=CLOCK).reason == name
    assert campaign.decide({**CONSENT, **allowed}, as_of=CLOCK).reason == ""


def facts_of_example(text: str) -> dict[str, Any]:
    return tomllib.loads(text)
