"""Take the gift shop's campaign to a HubSpot portal and back: planned, applied, read by three people, undone.

    python examples/into_hubspot.py out/hubspot

The portal is the sandbox on loopback; its e-mail has two text modules, made of `winter.html`. With a portal of your own,
leave the sandbox out and put its token into the environment as CONTEXTMAIL_HUBSPOT_TOKEN. `make demo` shows it, too.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from showing import say, show

from contextmail.language.messages import read_message
from contextmail.model.message import Part, PartKind
from contextmail.previewing import visible
from contextmail.sandbox.hubspot import Limits, Sandbox, seeding
from contextmail.sandbox.people import read_people

SHOP = Path(__file__).parent / "gift_shop"
THREE = ("16180", "12966", "99001")


def on_hubspot(folder: Path, first: int = 1) -> None:
    """Show it, with plan and memory in a new folder; its steps are numbered from `first`."""
    step = count(first)
    # As many calls in a second as HubSpot allows in ten: nobody watches a demo wait.
    with Sandbox(limits=Limits(window=1.0)) as sandbox:
        email = fill(sandbox)
        before = contents(sandbox)
        env = {"CONTEXTMAIL_FACTS": str(folder / "facts"), **os.environ, "CONTEXTMAIL_STORE": str(folder / "memory")}
        env |= {"CONTEXTMAIL_HUBSPOT_URL": sandbox.url, "CONTEXTMAIL_HUBSPOT_TOKEN": sandbox.token}

        def run(*words: str) -> None:
            show(*words, folder=SHOP, env=env)

        if not (Path(env["CONTEXTMAIL_FACTS"]) / "catalogue.json").is_file():
            run("facts", "build")
        say(
            f"{next(step)}. HubSpot: the same campaign, as an e-mail of two text modules. Its tokens take no conditions."
        )
        run("plan", email, "--on", "hubspot", "-o", str(folder / "plan"))
        say(f"{next(step)}. Apply: contact properties, a list and a clone of the e-mail. It never sends.")
        run("apply", str(folder / "plan"))
        (clone,) = sandbox.state.emails.keys() - {email}
        show_delivered(sandbox, clone)
        say(f"{next(step)}. Undo.")
        (made,) = (path.name for path in (folder / "memory" / "runs").iterdir())
        run("undo", made)
        if contents(sandbox) != before:
            sys.exit("undo left something behind")
        people = len(sandbox.state.records["contacts"])
        print(f"{people:,} contacts, properties, opt-outs, lists, e-mails: all as before the plan.")


def fill(sandbox: Sandbox) -> str:
    """Fill the portal with the shop's people and its campaign; give the e-mail's id."""
    everybody = seeding.portal(sandbox.state, SHOP / "customers.csv")
    texts = {part.name: part.source.replace("*|FNAME|*", "{{ contact.firstname }}") for part in winter()}
    top, heading, rest = texts["html"].partition("<tr><td>")[2].partition("</td></tr>")[0].partition("<h2>")
    widgets = {
        "preview_text": {"body": {"value": texts["preheader"]}},
        "greeting": {"body": {"html": top}},
        "lights": {"body": {"html": heading + rest}},
    }
    to = {"contactIlsLists": {"include": [everybody.id], "exclude": []}}
    news = {"subscriptionId": str(next(iter(sandbox.state.preferences.definitions)))}
    return sandbox.state.add_email("winter", texts["subject"], widgets=widgets, to=to, subscriptionDetails=news).id


def winter() -> tuple[Part, ...]:
    """Read the campaign as its author keeps it."""
    return read_message(SHOP / "winter.html").parts


def contents(sandbox: Sandbox) -> object:
    """Give all that a run may change in the portal."""
    state = sandbox.state
    with state.lock:
        people = {
            one.id: (dict(one.values), state.preferences.opted_out(one.values["email"]))
            for one in state.records["contacts"]
        }
        return people, set(state.properties["contacts"]), {one.name for one in state.lists.values()}, set(state.emails)


def show_delivered(sandbox: Sandbox, email: str) -> None:
    """Show what three recipients of an e-mail would read."""
    emails = {person.email: person.id for person in read_people(SHOP / "customers.csv") if person.id in THREE}
    copies = {emails[one.email]: one for one in sandbox.outbox(email) if one.email in emails}
    for customer in THREE:
        copy = copies[customer]
        print(f"\n   To:        {copy.email}  (customer {customer})")
        print(f"   Subject:   {copy.subject}\n   Preheader: {copy.preheader}")
        for line in visible(Part(name="html", kind=PartKind.HTML, source=copy.html)).splitlines():
            print(f"   | {line}")


if __name__ == "__main__":
    on_hubspot(Path(sys.argv[1]).resolve())
