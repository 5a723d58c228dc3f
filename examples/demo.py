"""Take a gift shop's campaign all the way: checked, rewritten, decided, planned, applied, undone, sent and learned from.

Then somebody unsubscribes, and every system of the shop's comes to know it (`opting_out.py`); and the same campaign goes
to HubSpot and back (`into_hubspot.py`).
Run it by `make demo`, or from anywhere: everything that it writes goes to `out/demo`. Mailchimp is a sandbox on
loopback that ships with contextmail; nothing leaves the machine.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from into_hubspot import on_hubspot
from opting_out import on_consent
from showing import output, say, show

from contextmail.model.message import Part, PartKind
from contextmail.previewing import visible
from contextmail.sandbox.mailchimp import Sandbox, outbox, seeding
from contextmail.sandbox.mailchimp.model import Audience
from contextmail.sandbox.people import read_people

SHOP = Path(__file__).parent / "gift_shop"
OUT = Path(__file__).parent.parent / "out" / "demo"
TO = "../../out/demo"
THREE = (
    ("16180", "is one of the best, and has been quiet since August"),
    ("12966", "bought once, ten days ago"),
    ("99001", "is on the list and never bought"),
)

MADE = {
    "facts/": "one row of facts per customer, as Parquet",
    "rewritten/": "the template as Mailchimp takes it, its diff, and which fields it asks for",
    "decisions.parquet": "who gets it, who waits, who is left alone",
    "winter.json": "the compiled campaign, for a service of your own",
    "pulled/": "what Mailchimp knows: contacts, orders, touches",
    "plan/": "the plan: plan.json to read, and every change as Parquet",
    "plan-again/": "the plan that was sent",
    "memory/": "what each run wrote, so that it can go on or be undone",
    "hubspot/": "the plan for HubSpot, and what its run wrote",
    "consent/": "a shop's folder: its settings, its table, and the ledger of consent with its keys",
}


def main() -> None:
    """Run the campaign through contextmail, step by step."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    os.environ |= {"CONTEXTMAIL_FACTS": f"{TO}/facts", "CONTEXTMAIL_STORE": f"{TO}/memory"}
    on_files()
    on_mailchimp()
    on_consent(OUT / "consent", first=13)
    on_hubspot(OUT / "hubspot", first=19)
    say(f"What was made lies in {OUT}:")
    for name, what in MADE.items():
        files = [OUT / name, *(OUT / name).rglob("*")]
        print(f"   {name:<20}{sum(file.stat().st_size for file in files if file.is_file()):>12,} bytes   {what}")


def on_files() -> None:
    """Check, rewrite and decide, with files alone."""
    say("1. Facts: half a million real order lines become one row of facts per customer.")
    run("facts", "build")
    say("2. Check: what does the winter campaign say of its recipients, and of how many is it true?")
    run("check", "winter.html", may_end_with=(0, 1))
    say("   And a draft with one sin of each kind, with the card that goes to whoever lives in the street.")
    run("check", "sins.html", may_end_with=(0, 1))
    run("check", "postcard.txt", may_end_with=(0, 1))
    say("3. Rewrite: the template in Mailchimp's own language; nothing but the claims changes.")
    run("rewrite", "winter.html", "-o", f"{TO}/rewritten")
    say("4. Preview: " + "; ".join(f"customer {customer} {who}" for customer, who in THREE) + ".")
    run("preview", "winter.html", *(word for customer, _ in THREE for word in ("--customer", customer)))
    run("preview", "sins.html", "--customer", THREE[1][0])
    say("5. Decide: who gets it, who waits, who is left alone, and why.")
    run("decide", "winter.html", "-o", f"{TO}/decisions.parquet")
    run("compile", "winter.html", "-o", f"{TO}/winter.json")


def on_mailchimp() -> None:
    """Plan, apply, undo, send and pull, with a Mailchimp account that holds the shop's people."""
    with Sandbox() as sandbox:
        audience = seeding.gift_shop(sandbox.state, SHOP / "customers.csv")
        os.environ |= {"CONTEXTMAIL_MAILCHIMP_URL": sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": "sandbox-us1"}
        on = ("--on", f"mailchimp:{audience.id}")
        print(f"\n(From here on, a Mailchimp account runs at {sandbox.address}, with the shop's people in it.)")
        say("6. Pull: what Mailchimp knows, as tables that facts can be built from.")
        run("pull", *on, "-o", f"{TO}/pulled")
        say("7. Plan: what would be written, for a person to review. Planning never writes to Mailchimp.")
        run("plan", "winter.html", *on, "-o", f"{TO}/plan")
        before = contents(sandbox, audience)
        say("8. Apply: contact fields, a segment and a draft. It never sends.")
        first = applied("plan")
        say("9. Undo: somebody had second thoughts.")
        run("undo", first)
        if contents(sandbox, audience) != before:
            sys.exit("undo left something behind")
        print(f"{len(audience.members):,} contacts, fields, statuses, segments, drafts: all as before step 8.")
        say("10. Third thoughts: plan and apply again, and this time the author presses Send in Mailchimp.")
        output("plan", "winter.html", *on, "-o", f"{TO}/plan-again", "--format", "json", folder=SHOP)
        second = applied("plan-again")
        (sent,) = sandbox.state.campaigns
        print(f"\nSent to {len(sandbox.state.send(sent)):,} people. Three of them, as delivered:")
        for customer, who in THREE:
            show_delivered(sandbox, sent, customer, who)
        say("11. Pull the touches: who got it and what they did counts for the next campaign.")
        run("pull", "--touches", *on, "-o", f"{TO}/pulled")
        say("12. What is sent cannot be undone, and contextmail says so.")
        run("undo", second, may_end_with=(2,))
        run("runs")


def applied(plan: str) -> str:
    """Apply a plan; give the name of its run."""
    known = set(runs())
    run("apply", f"{TO}/{plan}", may_end_with=(0, 1))
    (made,) = set(runs()) - known
    return made


def runs() -> list[str]:
    """List the runs that contextmail remembers."""
    folder = OUT / "memory" / "runs"
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def contents(sandbox: Sandbox, audience: Audience) -> object:
    """Give all that a run may change in the account."""
    with sandbox.state.lock:
        people = {one.email: (one.status, audience.tagged_values(one.values)) for one in audience.members}
        segments = {one.name: list(one.keys) for one in audience.segments.values()}
        return people, segments, [one.tag for one in audience.fields.values()], list(sandbox.state.campaigns)


def show_delivered(sandbox: Sandbox, campaign: str, customer: str, who: str) -> None:
    """Show the e-mail that one recipient of a sent campaign got, as a reader sees it."""
    email = next(person.email for person in read_people(SHOP / "customers.csv") if person.id == customer)
    receipt = next(one for one in sandbox.state.reports[campaign].values() if one.email == email)
    message = outbox.rendered(sandbox.state, sandbox.state.campaigns[campaign], receipt)
    print(f"\n   To:        {email}  (customer {customer} {who})")
    print(f"   Subject:   {message['subject']}\n   Preheader: {message['preheader']}")
    for line in visible(Part(name="html", kind=PartKind.HTML, source=message["html"])).splitlines():
        print(f"   | {line}")


def run(*words: str, may_end_with: tuple[int, ...] = (0,)) -> None:
    """Run a command in the shop's folder, shown as typed."""
    show(*words, folder=SHOP, may_end_with=may_end_with)


if __name__ == "__main__":
    main()
