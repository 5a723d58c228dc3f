"""Check, rewrite and decide campaigns, so that every customer gets only what is true for them and wanted by them.

    from contextmail import Campaign, check, compile, decide, preview, rewrite

Names are loaded when they are first used, so that `import contextmail` costs nothing and deciding for one customer
loads neither an engine nor the rules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextmail.campaign import Campaign
    from contextmail.checking import check
    from contextmail.compiling import compile  # noqa: A004  # the name that the command line gives it
    from contextmail.config import Settings
    from contextmail.config import load as load_settings
    from contextmail.deciding import decide
    from contextmail.errors import (
        ConfigurationError,
        ContextmailError,
        DialectError,
        MissingExtraError,
        PredicateError,
        RecordRejected,
        TemplateError,
    )
    from contextmail.facts.folder import FactsFolder
    from contextmail.language.messages import read_message
    from contextmail.model.decision import Decision, Evidence, Outcome
    from contextmail.model.fact import Catalogue
    from contextmail.model.finding import Edit, Finding, Grade, Variant
    from contextmail.model.message import Message, Offer, Part
    from contextmail.previewing import preview
    from contextmail.rewriting import rewrite
    from contextmail.wiring import build_facts

__all__ = [
    "Campaign",
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
    "PredicateError",
    "RecordRejected",
    "Settings",
    "TemplateError",
    "Variant",
    "build_facts",
    "check",
    "compile",
    "decide",
    "load_settings",
    "preview",
    "read_message",
    "rewrite",
]

_HOMES = {
    "contextmail.campaign": ("Campaign",),
    "contextmail.checking": ("check",),
    "contextmail.compiling": ("compile",),
    "contextmail.config": ("Settings",),
    "contextmail.deciding": ("decide",),
    "contextmail.errors": (
        "ConfigurationError", "ContextmailError", "DialectError", "MissingExtraError", "PredicateError",
        "RecordRejected", "TemplateError",
    ),
    "contextmail.facts.folder": ("FactsFolder",),
    "contextmail.language.messages": ("read_message",),
    "contextmail.model.decision": ("Decision", "Evidence", "Outcome"),
    "contextmail.model.fact": ("Catalogue",),
    "contextmail.model.finding": ("Edit", "Finding", "Grade", "Variant"),
    "contextmail.model.message": ("Message", "Offer", "Part"),
    "contextmail.previewing": ("preview",),
    "contextmail.rewriting": ("rewrite",),
    "contextmail.wiring": ("build_facts",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "load_settings":
        return import_module("contextmail.config").load
    if name not in _HOME:
        raise AttributeError(f"module 'contextmail' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
