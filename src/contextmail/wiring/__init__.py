"""Settings to live objects, one function each; nothing else builds them."""

from contextmail.wiring.consent import (
    consent_store,
    consent_systems,
    ledger,
    missing_webhooks,
    open_ledger,
    receiver,
    sync,
    unsubscribe_url,
    webhook_sources,
    webhooks,
)
from contextmail.wiring.facts import build_facts, checker, facts_asked, facts_folder, has_facts
from contextmail.wiring.platforms import PLATFORMS, audited, doctor, runs, target
from contextmail.wiring.rewriter import rewriter
from contextmail.wiring.tables import database_table, engine, pulled_folders

__all__ = [
    "PLATFORMS",
    "audited",
    "build_facts",
    "checker",
    "consent_store",
    "consent_systems",
    "database_table",
    "doctor",
    "engine",
    "facts_asked",
    "facts_folder",
    "has_facts",
    "ledger",
    "missing_webhooks",
    "open_ledger",
    "pulled_folders",
    "receiver",
    "rewriter",
    "runs",
    "sync",
    "target",
    "unsubscribe_url",
    "webhook_sources",
    "webhooks",
]
