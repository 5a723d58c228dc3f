"""Plan, apply and undo from a program of one's own, on the Mailchimp sandbox.

    python examples/into_mailchimp.py

It works on the gift shop next to it and writes to a temporary folder. With a real account, leave the sandbox out, put
the key into the environment as CONTEXTMAIL_MAILCHIMP_KEY, and name your audience.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail import (
    FactsFolder,
    Settings,
    UnsafePlanError,
    apply,
    build_facts,
    load_settings,
    open_runs,
    open_target,
    plan,
    undo,
)
from contextmail.sandbox.mailchimp import Sandbox, seeding

SHOP = Path(__file__).parent / "gift_shop"


def to_mailchimp_and_back(settings: Settings, on: str, plans: Path) -> None:
    """Plan the winter campaign for an audience, apply it if few enough are dropped, and take it back."""
    facts = FactsFolder.open(settings.facts)
    with open_target(settings, on) as target, open_runs(settings) as runs:
        made = plan(SHOP / "winter.html", target, facts, settings, out=plans / "winter")
        print(f"planned: {made.segment_people:,} of {made.recipients:,} get it, {len(made.fields)} contact fields")
        if made.people("drop") > made.recipients / 4:
            raise UnsafePlanError("more than a quarter would be dropped", where=made.run, cure="read the plan")
        done = apply(plans / "winter", target, runs, settings)
        print(f"applied: {done.people_written:,} contacts written, the draft is {done.draft}")
        undone = undo(done.run, target, runs)
        print(f"undone: {len(undone.fields_deleted)} contact fields deleted, {len(undone.left)} things left")


def main() -> int:
    """Start a sandbox with the shop's people, and run the campaign on it."""
    with Sandbox() as sandbox, TemporaryDirectory() as folder:
        audience = seeding.gift_shop(sandbox.state, SHOP / "customers.csv")
        os.environ |= {"CONTEXTMAIL_MAILCHIMP_URL": sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": "sandbox-us1"}
        settings = load_settings(SHOP, facts=Path(folder) / "facts", store=Path(folder) / "memory")
        build_facts(settings)
        to_mailchimp_and_back(settings, f"mailchimp:{audience.id}", Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
