"""What `import contextmail` offers, and what it does not load."""

import subprocess
import sys
from pathlib import Path

import pytest

import contextmail

HEAVY = (
    "duckdb",
    "sqlglot",
    "rich",
    "typer",
    "pydantic",
    "requests",
    "tenacity",
    "jinja2",
    "liquid",
    "babel",
    "nameparser",
)


def loaded_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and give the modules that it loaded."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert contextmail.__all__ == [
        "Applied", "Audit", "AuthenticationError", "Campaign", "CapabilityError", "Catalogue", "ConfigurationError",
        "ContextmailError", "Decision", "DialectError", "Edit", "Evidence", "FactsFolder", "Finding", "Grade",
        "Message", "MissingExtraError", "Offer", "Outcome", "Part", "Permission", "Plan", "PlatformError",
        "PredicateError", "RecordRejected", "Refreshed", "RetryableError", "Runs", "Scope", "Settings",
        "StalePlanError", "StatusMovedError", "TemplateError", "UncertainError", "Undone", "UnsafePlanError",
        "Variant", "Worker", "apply", "audit", "build_facts", "check", "compile", "decide", "load_settings",
        "make_list", "open_ledger",
        "open_receiver", "open_rewriter", "open_runs", "open_sync", "open_table", "open_target", "permitted", "plan", "preview", "pull",
        "read_message", "recheck_list", "reconcile", "refresh", "rewrite", "take_outcomes", "undo", "unsubscribe_headers", "unsubscribe_url",
    ]  # fmt: skip


@pytest.mark.parametrize("name", contextmail.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(contextmail, name).__doc__


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        contextmail.chek  # noqa: B018  # type: ignore[attr-defined]


def test_importing_contextmail_loads_no_library_at_all() -> None:
    assert not loaded_by("import contextmail") & set(HEAVY)


def test_a_compiled_campaign_decides_without_engine_rules_or_language(tmp_path: Path) -> None:
    file = tmp_path / "campaign.json"
    message = {"subject": "Hello", "html": "<p>As our most valuable customer, you get 20% off.</p>"}
    contextmail.compile(message, contextmail.Settings(platform="mailchimp")).save(file)
    decide = f"one = contextmail.Campaign.load({str(file)!r}).decide({{'orders': 1}})"
    code = f"import contextmail\n{decide}\none.parts, one.evidence()"
    modules = loaded_by(code)
    assert "contextmail.campaign" in modules
    forbidden = {
        "sqlglot",
        "duckdb",
        "rich",
        "typer",
        "contextmail.rules",
        "contextmail.language",
        "contextmail.engines",
    }
    assert not modules & forbidden
