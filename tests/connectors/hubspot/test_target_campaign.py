"""A campaign on a portal, over real HTTP: planned, applied, killed and taken up again, undone; and what people read."""

import html
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conformance.shop import AS_OF, PEOPLE, Shop, make_shop

from contextmail.applying import apply, refresh, undo
from contextmail.campaign import Campaign
from contextmail.connectors.base import Task
from contextmail.connectors.hubspot import connect
from contextmail.connectors.hubspot.target import HubspotTarget
from contextmail.dialects import DIALECTS
from contextmail.errors import CapabilityError, UnsafePlanError
from contextmail.model.claim import Policy
from contextmail.model.hubspot import HubspotOptions
from contextmail.planning import plan
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.hubspot import Limits, Sandbox
from contextmail.sandbox.hubspot.settings import Readings
from contextmail.store.runs import Runs

TOP = "<p>Dear {{ contact.firstname }},</p><p>You are our most valuable customer.</p>"
END = "<p>Thank you for your continued loyalty!</p><p>New here? Become a customer today!</p>"
PLAIN = "You are our most valuable customer."
APPLY_AND_DIE = """
import os, signal, sys
from pathlib import Path
from contextmail.applying import apply, undo
from contextmail.config import load
from contextmail import wiring
from contextmail.store.runs import Runs

verb, what, store, moment = sys.argv[1:]
left = int(moment)

class Dying(Runs):
    def _note(self, *given):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._note(*given)

with wiring.target(load(), "hubspot") as target:
    if verb == "apply":
        apply(Path(what), target, Dying(Path(store)))
    else:
        undo(what, target, Dying(Path(store)))
"""


@dataclass
class Portal:
    """A sandbox that holds the shop's people, and its campaign as an e-mail with two rich-text widgets."""

    sandbox: Sandbox
    shop: Shop
    draft: str
    ids: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {"CONTEXTMAIL_HUBSPOT_URL": self.sandbox.url, "CONTEXTMAIL_HUBSPOT_TOKEN": self.sandbox.token}

    def target(self, **options: object) -> HubspotTarget:
        given = {"wait": 0.0, "timeout": 5.0, **options}
        return connect(HubspotOptions.model_validate(given), self.environment)

    def contents(self) -> tuple[object, ...]:
        """Give all that a run may change: properties, values, opt-outs, lists, e-mails, tasks; without the portal's ids."""
        state = self.sandbox.state
        with state.lock:
            return (
                sorted((one.name, one.label) for one in state.properties["contacts"].values() if one.own),
                sorted(sorted(one.values.items()) for one in state.records["contacts"]),
                sorted(
                    (one.values["email"], state.value("contacts", one, "hs_email_optout"))
                    for one in state.records["contacts"]
                ),
                sorted((one.name, sorted(one.members)) for one in state.lists.values()),
                sorted(
                    (one.body["name"], one.state, str(one.body["content"]["widgets"])) for one in state.emails.values()
                ),
                sorted(one.values.get("hs_task_body", "") for one in state.records["tasks"]),
            )

    def delivered(self, email: str, truth: Campaign) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """Give, for each recipient of an e-mail, its parts as they are sent, and as they are true."""
        read = {}
        for copy in self.sandbox.outbox(email):
            row = self.shop.row(copy.email.removeprefix("p").removesuffix("@example.com"))
            parts = truth.decide({**row, "facts_as_of": AS_OF}, as_of=AS_OF).parts
            record = self.sandbox.state.find_by("contacts", "email", copy.email)
            values = {f"contact.{name}": value for name, value in record.values.items()}
            sent = {"subject": copy.subject, "preheader": copy.preheader}
            sent |= {f"html:{name}": copy.widgets[name] for name in ("top", "end")}
            true = {name: DIALECTS["hubl"].render(text, values, {}) for name, text in parts.items() if name in sent}
            read[copy.email] = tuple({name: seen(text) for name, text in of.items()} for of in (sent, true))
        return read


def seen(source: str) -> str:
    """Give a text as a reader sees it: white space after a tag is none."""
    return re.sub(r"> ", ">", " ".join(html.unescape(source).split()))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = make_shop(tmp_path_factory.mktemp("hubspot"))
    made.settings = made.settings.model_copy(update={"fields": {"contact.firstname": "first_name"}})
    return made


def filled(sandbox: Sandbox, shop: Shop) -> Portal:
    state = sandbox.state
    ids = {person.email: state.add_contact(person.email, firstname=person.name).id for person in PEOPLE}
    state.unsubscribe("p4@example.com")
    everybody = state.add_list("Everybody")
    state.join(everybody, *ids.values())
    widgets = {
        "preview_text": {"body": {"value": "We miss you!"}},
        "top": {"body": {"html": TOP, "path": "@hubspot/rich_text"}, "order": 1},
        "logo": {"body": {"img": {"src": "https://example.org/logo.png"}}},
        "end": {"body": {"html": END}},
    }
    to = {"contactIlsLists": {"include": [everybody.id], "exclude": []}}
    draft = state.add_email("Spring", "You are our most valuable customer", widgets=widgets, to=to)
    return Portal(sandbox, shop, draft.id, ids)


@pytest.fixture
def portal(shop: Shop):
    with Sandbox(limits=Limits(calls=10**6)) as sandbox:
        yield filled(sandbox, shop)


def planned(portal: Portal, folder: Path, **more: object):
    with portal.target(**more) as target:
        return plan(portal.draft, target, portal.shop.facts, portal.shop.settings, out=folder / "plan")


@pytest.mark.parametrize("email_patch", ["widgets", "deep"])
def test_everybody_reads_what_is_true_of_them_and_undo_restores_every_property(shop, tmp_path, email_patch):
    readings = Readings(email_patch=email_patch, legacy_paths=False)
    with Sandbox(limits=Limits(calls=10**6), readings=readings) as sandbox:
        portal = filled(sandbox, shop)
        before = portal.contents()
        made = planned(portal, tmp_path)
        assert portal.contents() == before and {edit.mode for edit in made.edits} <= {"slot", "neutral"}
        runs = Runs(tmp_path / "store")
        with portal.target() as target:
            done = apply(tmp_path / "plan", target, runs)
            read = portal.delivered(done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))
            assert sorted(read) == ["p1@example.com", "p2@example.com", "p3@example.com"]
            assert [sent for sent, _ in read.values()] == [true for _, true in read.values()]
            assert len({str(sent) for sent, _ in read.values()}) == 3
            assert portal.contents()[2] == before[2]
            widgets = sandbox.state.emails[done.draft].body["content"]["widgets"]
            original = sandbox.state.emails[portal.draft].body["content"]["widgets"]
            assert widgets.keys() == original.keys() and widgets["logo"] == original["logo"]
            assert widgets["top"]["order"] == 1
            undo(made.run, target, runs)
        assert portal.contents() == before


def test_a_portal_comes_back_as_it_was_wherever_a_run_was_killed(portal, tmp_path):
    before = portal.contents()
    made = planned(portal, tmp_path)
    with portal.target() as target:
        apply(tmp_path / "plan", target, Runs(tmp_path / "whole"))
        whole = portal.contents()
        undo(made.run, target, Runs(tmp_path / "whole"))
        assert portal.contents() == before != whole
        moment = 1
        while dies(portal, "apply", str(tmp_path / "plan"), tmp_path / f"store-{moment}", moment):
            runs = Runs(tmp_path / f"store-{moment}")
            apply(tmp_path / "plan", target, runs)
            assert portal.contents() == whole, f"killed before note {moment}"
            dies(portal, "undo", made.run, tmp_path / f"store-{moment}", 1 + moment % 4)
            undo(made.run, target, runs)
            assert portal.contents() == before, f"killed before note {moment}"
            moment += 3
    assert moment > 8


def dies(portal: Portal, verb: str, what: str, store: Path, moment: int) -> bool:
    words = [sys.executable, "-c", APPLY_AND_DIE, verb, what, str(store), str(moment)]
    env = {**os.environ, **portal.environment}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.EMPTY, Kind.ERROR])
@pytest.mark.parametrize("done", [True, False])
def test_faults_on_the_way_double_nothing_and_lose_nothing(portal, tmp_path, kind, done):
    before = portal.contents()
    made = planned(portal, tmp_path)
    for on in ("POST *", "PUT *", "PATCH *", "GET *", "DELETE *"):
        portal.sandbox.faults.add(Fault(kind, on=on, status=503, done=done, times=2))
    with portal.target() as target:
        runs = Runs(tmp_path / "store")
        result = apply(tmp_path / "plan", target, runs)
        portal.sandbox.faults.clear()
        read = portal.delivered(result.draft, Campaign.load(runs.folder(result.run) / "campaign.json"))
        assert len(read) == 3 and [sent for sent, _ in read.values()] == [true for _, true in read.values()]
        assert len(portal.sandbox.state.emails) == 2 and len(portal.sandbox.state.lists) == 2
        undo(made.run, target, runs)
    assert portal.contents() == before


def test_whoever_opts_out_after_the_plan_gets_nothing_and_leaves_by_a_refresh(portal, tmp_path):
    settings = portal.shop.settings.model_copy(
        update={"limits": portal.shop.settings.limits.model_copy(update={"changed": 1.0})}
    )
    planned(portal, tmp_path)
    # The contact itself does not change by it.
    portal.sandbox.state.unsubscribe("p1@example.com")
    runs = Runs(tmp_path / "store")
    with portal.target() as target:
        done = apply(tmp_path / "plan", target, runs, settings)
        assert done.segment_people == 2 and done.skipped == (("status: unsubscribed", 1),)
        portal.sandbox.state.unsubscribe("p2@example.com")
        assert refresh(done.run, target, portal.shop.facts, runs, settings).people_removed == 1
        assert list(target.segment_members(done.segment)) == [portal.ids["p3@example.com"]]


def test_a_message_that_was_rewritten_is_no_original(portal, tmp_path):
    planned(portal, tmp_path)
    with portal.target() as target:
        done = apply(tmp_path / "plan", target, Runs(tmp_path / "store"))
        with pytest.raises(UnsafePlanError, match="a field of contextmail"):
            plan(done.draft, target, portal.shop.facts, portal.shop.settings, out=tmp_path / "again")


def test_a_coded_template_chooses_where_the_settings_say_so(portal, tmp_path):
    portal.sandbox.state.emails[portal.draft].programmable = True
    made = planned(portal, tmp_path, mode="choose")
    assert "choose" in {edit.mode for edit in made.edits}
    runs = Runs(tmp_path / "store")
    with portal.target(mode="choose") as target:
        done = apply(tmp_path / "plan", target, runs)
    read = portal.delivered(done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))
    assert len(read) == 3 and [sent for sent, _ in read.values()] == [true for _, true in read.values()]
    portal.sandbox.state.emails[portal.draft].programmable = False
    with portal.target(mode="choose") as target, pytest.raises(CapabilityError, match="drag-and-drop"):
        target.draft(portal.draft)


def test_where_the_tier_has_no_email_api_a_plan_says_so_and_paste_goes_on(shop, tmp_path):
    with Sandbox(limits=Limits(calls=10**6), tier="starter") as sandbox:
        portal = filled(sandbox, shop)
        before = portal.contents()
        (tmp_path / "spring.html").write_text(f"---\nsubject: {PLAIN}\n---\n{TOP}{END}")
        given = (str(tmp_path / "spring.html"), shop.facts, shop.settings)
        for tier in ("professional", "starter"):
            with portal.target(tier=tier) as target, pytest.raises(CapabilityError, match="--paste"):
                name, facts, settings = given if tier == "starter" else (portal.draft, *given[1:])
                plan(name, target, facts, settings, out=tmp_path / "refused")
        with portal.target(tier="starter") as target:
            made = plan(given[0], target, *given[1:], out=tmp_path / "plan", paste=True)
            done = apply(tmp_path / "plan", target, Runs(tmp_path / "store"))
            assert done.draft == "" and done.segment_people == 3 and "personalization_token" in made.draft.parts["html"]
            undone = undo(made.run, target, Runs(tmp_path / "store"))
        # Nobody can see whether an e-mail asks for the fields: they stay, and say nothing any more.
        assert undone.segment and len(undone.fields_restored) == len(made.fields) and len(undone.left) == 1
        assert portal.contents()[1:] == before[1:]


def test_whoever_is_rerouted_to_a_person_becomes_a_task_for_the_owner_once_and_undo_takes_it_back(portal, tmp_path):
    state = portal.sandbox.state
    owner = state.add_owner("Ruth", "Vale").id
    state.records["contacts"].get(portal.ids["p1@example.com"]).values["hubspot_owner_id"] = owner
    before = portal.contents()
    talk = Policy(
        name="talk-to-them", allow_when="NOT orders >= 3", otherwise="reroute", unknown_is="allowed", because="big"
    )
    portal.shop = replace(portal.shop, settings=portal.shop.settings.model_copy(update={"policies": (talk,)}))
    made = planned(portal, tmp_path, reroute_tasks=True)
    assert made.people("reroute") == 1
    with portal.target(reroute_tasks=True) as target:
        assert apply(tmp_path / "plan", target, Runs(tmp_path / "store")).tasks == 1
        (task,) = state.records["tasks"]
        assert task.values["hubspot_owner_id"] == owner and "talk-to-them" in task.values["hs_task_body"]
        assert state.associations.of("tasks", task.id, "contacts").keys() == {portal.ids["p1@example.com"]}
        undo(made.run, target, Runs(tmp_path / "store"))
    assert portal.contents() == before


def test_a_task_that_somebody_has_begun_stays(portal, tmp_path):
    state = portal.sandbox.state
    key = portal.ids["p1@example.com"]
    state.records["contacts"].get(key).values["hubspot_owner_id"] = state.add_owner("Ruth", "Vale").id
    with portal.target(reroute_tasks=True) as target:
        portal.sandbox.faults.add(Fault(Kind.DROP, on="POST */tasks/batch/create", done=True, times=1))
        assert (
            target.tasks.make("run-1", [Task(key, "Call", "because"), Task(portal.ids["p2@example.com"], "-", "-")])
            == 1
        )
        assert target.tasks.make("run-1", [Task(key, "Call", "because")]) == 0
        (task,) = state.records["tasks"]
        task.values["hs_task_status"] = "IN_PROGRESS"
        assert target.tasks.delete("run-1", [key]) == 0 and len(state.records["tasks"]) == 1


def test_a_task_that_hubspot_refuses_costs_nobody_elses(portal):
    state = portal.sandbox.state
    owner = state.add_owner("Ida", "Ng")
    people = [state.add_contact(f"q{number}@example.com", hubspot_owner_id=owner.id) for number in range(3)]
    tasks = [Task(one.id, "Call", "why " * (20_000 if one is people[1] else 1)) for one in people]
    with portal.target(reroute_tasks=True) as target:
        assert (target.tasks.make("run", tasks), target.tasks.make("run", tasks)) == (2, 0)
    assert len(list(state.records["tasks"])) == 2


def test_a_property_that_comes_back_with_old_values_tells_nobody_what_is_no_longer_true(portal, tmp_path):
    first = planned(portal, tmp_path)
    state = portal.sandbox.state
    with portal.target() as target:
        made = {field.tag: target.create_field(field.tag, field.name, field.default) for field in first.fields}
        for field in made.values():
            target.delete_field(field)
    # The portal restores what a property of that name held, once it is made again.
    kept = state.properties["contacts"]

    class Restoring(dict):
        def __setitem__(self, name, made):
            super().__setitem__(name, made)
            for record in state.records["contacts"]:
                record.values[name] = "an old text"

    state.properties["contacts"] = Restoring(kept)
    runs = Runs(tmp_path / "store")
    with portal.target() as target:
        done = apply(tmp_path / "plan", target, runs)
    read = portal.delivered(done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))
    assert len(read) == 3 and [sent for sent, _ in read.values()] == [true for _, true in read.values()]
