"""Check, rewrite and decide campaigns, so that every customer gets only what is true for them and wanted by them.

    from contextmail import Campaign, check, compile, decide, preview, rewrite      with files alone
    from contextmail import open_target, open_runs, pull, plan, apply, refresh, undo      on a platform
    from contextmail import audit, open_table      for a one-off that looks for what is wrong with an audience or a table
    from contextmail import make_list, recheck_list, take_outcomes      for a call centre or a letter shop, by files
    from contextmail import open_ledger, permitted, Scope      for consent, just before a message is sent
    from contextmail import unsubscribe_url, unsubscribe_headers, open_receiver, open_sync, Worker      to keep it in step

Names are loaded when they are first used, so that `import contextmail` costs nothing and deciding for one customer
loads neither an engine nor the rules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextmail.applying import Applied, Refreshed, Undone, apply, refresh, undo
    from contextmail.auditing import Audit, audit
    from contextmail.campaign import Campaign
    from contextmail.checking import check
    from contextmail.compiling import compile  # noqa: A004  # the name that the command line gives it
    from contextmail.config import Settings
    from contextmail.config import load as load_settings
    from contextmail.connectors.pulling import pull
    from contextmail.deciding import decide
    from contextmail.errors import (
        AuthenticationError,
        CapabilityError,
        ConfigurationError,
        ContextmailError,
        DialectError,
        MissingExtraError,
        PlatformError,
        PredicateError,
        RecordRejected,
        RetryableError,
        StalePlanError,
        StatusMovedError,
        TemplateError,
        UncertainError,
        UnsafePlanError,
    )
    from contextmail.facts.folder import FactsFolder
    from contextmail.language.messages import read_message
    from contextmail.listing.making import make_list
    from contextmail.listing.outcomes import take_outcomes
    from contextmail.listing.rechecking import recheck_list
    from contextmail.model.consent import Permission, Scope
    from contextmail.model.decision import Decision, Evidence, Outcome
    from contextmail.model.fact import Catalogue
    from contextmail.model.finding import Edit, Finding, Grade, Variant
    from contextmail.model.message import Message, Offer, Part
    from contextmail.model.plan import Plan
    from contextmail.planning import plan
    from contextmail.previewing import preview
    from contextmail.reconciling import reconcile
    from contextmail.rewriting import rewrite
    from contextmail.store.permissions import permitted
    from contextmail.store.runs import Runs
    from contextmail.syncing import Worker
    from contextmail.webhooks.unsubscribe import unsubscribe_headers
    from contextmail.wiring import audited as open_table
    from contextmail.wiring import build_facts, open_ledger, unsubscribe_url
    from contextmail.wiring import receiver as open_receiver
    from contextmail.wiring import rewriter as open_rewriter
    from contextmail.wiring import runs as open_runs
    from contextmail.wiring import sync as open_sync
    from contextmail.wiring import target as open_target

__all__ = [
    "Applied",
    "Audit",
    "AuthenticationError",
    "Campaign",
    "CapabilityError",
    "Catalogue",
    "ConfigurationError",
    "ContextmailError",
    "Decision",
    "DialectError",
    "Edit",
    "Evidence",
    "FactsFolder",
    "Finding",
    "Grade",
    "Message",
    "MissingExtraError",
    "Offer",
    "Outcome",
    "Part",
    "Permission",
    "Plan",
    "PlatformError",
    "PredicateError",
    "RecordRejected",
    "Refreshed",
    "RetryableError",
    "Runs",
    "Scope",
    "Settings",
    "StalePlanError",
    "StatusMovedError",
    "TemplateError",
    "UncertainError",
    "Undone",
    "UnsafePlanError",
    "Variant",
    "Worker",
    "apply",
    "audit",
    "build_facts",
    "check",
    "compile",
    "decide",
    "load_settings",
    "make_list",
    "open_ledger",
    "open_receiver",
    "open_rewriter",
    "open_runs",
    "open_sync",
    "open_table",
    "open_target",
    "permitted",
    "plan",
    "preview",
    "pull",
    "read_message",
    "recheck_list",
    "reconcile",
    "refresh",
    "rewrite",
    "take_outcomes",
    "undo",
    "unsubscribe_headers",
    "unsubscribe_url",
]

_HOMES = {
    "contextmail.auditing": ("Audit", "audit"),
    "contextmail.applying": ("Applied", "Refreshed", "Undone", "apply", "refresh", "undo"),
    "contextmail.campaign": ("Campaign",),
    "contextmail.checking": ("check",),
    "contextmail.compiling": ("compile",),
    "contextmail.config": ("Settings", "load_settings"),
    "contextmail.connectors.pulling": ("pull",),
    "contextmail.deciding": ("decide",),
    "contextmail.errors": (
        "AuthenticationError", "CapabilityError", "ConfigurationError", "ContextmailError", "DialectError",
        "MissingExtraError", "PlatformError", "PredicateError", "RecordRejected", "RetryableError", "StalePlanError",
        "StatusMovedError", "TemplateError", "UncertainError", "UnsafePlanError",
    ),
    "contextmail.facts.folder": ("FactsFolder",),
    "contextmail.language.messages": ("read_message",),
    "contextmail.listing.making": ("make_list",),
    "contextmail.listing.outcomes": ("take_outcomes",),
    "contextmail.listing.rechecking": ("recheck_list",),
    "contextmail.model.consent": ("Permission", "Scope"),
    "contextmail.model.decision": ("Decision", "Evidence", "Outcome"),
    "contextmail.model.fact": ("Catalogue",),
    "contextmail.model.finding": ("Edit", "Finding", "Grade", "Variant"),
    "contextmail.model.message": ("Message", "Offer", "Part"),
    "contextmail.model.plan": ("Plan",),
    "contextmail.planning": ("plan",),
    "contextmail.previewing": ("preview",),
    "contextmail.reconciling": ("reconcile",),
    "contextmail.rewriting": ("rewrite",),
    "contextmail.store.permissions": ("permitted",),
    "contextmail.store.runs": ("Runs",),
    "contextmail.syncing": ("Worker",),
    "contextmail.webhooks.unsubscribe": ("unsubscribe_headers",),
    "contextmail.wiring": (
        "build_facts", "open_ledger", "open_receiver", "open_rewriter", "open_runs", "open_sync", "open_table", "open_target",
        "unsubscribe_url",
    ),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_AT_HOME = {
    "load_settings": "load", "open_receiver": "receiver", "open_rewriter": "rewriter", "open_runs": "runs",
    "open_sync": "sync", "open_table": "audited", "open_target": "target",
}  # fmt: skip
"""What a name is called in its own module, where the module says the rest."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'contextmail' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), _AT_HOME.get(name, name))
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
