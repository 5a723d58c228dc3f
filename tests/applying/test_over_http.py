"""Over real HTTP, against the sandbox: kill -9 at every note of the journal, faults on the way, both kinds of write."""

import html
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance.shop import AS_OF, PEOPLE, Person, Shop, make_shop

from contextmail.applying import apply, undo
from contextmail.campaign import Campaign
from contextmail.connectors import mailchimp
from contextmail.connectors.mailchimp.target import MailchimpTarget
from contextmail.dialects import DIALECTS
from contextmail.errors import CapabilityError
from contextmail.model.mailchimp import MailchimpOptions
from contextmail.model.plan import Plan
from contextmail.planning import plan
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.sandbox.mailchimp.settings import Readings
from contextmail.store.runs import Runs

SUBJECT = "You're our most valuable customer"
KEY = "sandbox-us1"

APPLY_AND_DIE = """
import os, signal, sys
from pathlib import Path
from contextmail.applying import apply, undo
from contextmail.config import load
from contextmail import wiring
from contextmail.store.runs import Runs

verb, what, store, audience, moment, after = sys.argv[1:]
left = int(moment)

class Dying(Runs):
    def _note(self, *given):
        global left
        left -= 1
        if left == 0 and after == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super()._note(*given)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

with wiring.target(load(), audience) as target:
    if verb == "apply":
        apply(Path(what), target, Dying(Path(store)))
    else:
        undo(what, target, Dying(Path(store)))
"""


@dataclass
class Account:
    """A sandbox that holds the shop's people, and its campaign as a draft."""

    sandbox: Sandbox
    shop: Shop
    list_id: str
    draft: str

    @property
    def environment(self) -> dict[str, str]:
        return {"CONTEXTMAIL_MAILCHIMP_URL": self.sandbox.url, "CONTEXTMAIL_MAILCHIMP_KEY": KEY}

    def target(self, **options: object) -> MailchimpTarget:
        given = {"audience": self.list_id, "wait": 0.0, "timeout": 2.0, **options}
        return mailchimp.connect(MailchimpOptions.model_validate(given), self.environment)

    def contents(self) -> tuple[object, ...]:
        """Give all that a run may change: fields, values, statuses, segments, drafts; without the platform's numbers."""
        with self.sandbox.state.lock:
            audience = self.sandbox.state.lists[self.list_id]
            members = list(audience.members)
            campaigns = self.sandbox.state.campaigns.values()
            return (
                sorted((one.tag, one.name, one.default, one.public, one.required) for one in audience.fields.values()),
                sorted(
                    (m.email, sorted((t, v) for t, v in audience.tagged_values(m.values).items() if v)) for m in members
                ),
                sorted((m.email, m.status) for m in members),
                sorted((one.name, sorted(one.keys)) for one in audience.segments.values()),
                sorted((c.settings.get("title"), c.settings.get("subject_line"), c.html) for c in campaigns),
            )

    def delivered(self, campaign: str, truth: Campaign) -> dict[str, tuple[str, str]]:
        """Give subject and HTML as each recipient of a draft would get them, and as they are true."""
        audience, made = self.sandbox.state.lists[self.list_id], self.sandbox.state.campaigns[campaign]
        segment = audience.segments[made.segment_opts["saved_segment_id"]]
        defaults = {one.tag: one.default for one in audience.fields.values()}
        dialect, read = DIALECTS["mailchimp"], {}
        for key in segment.keys:
            member = next(one for one in audience.members if one.key == key)
            values = audience.tagged_values(member.values)
            row = self.shop.row(member.email.removeprefix("p").removesuffix("@example.com"))
            true = truth.decide({**row, "facts_as_of": AS_OF}, as_of=AS_OF).parts
            sent = made.settings["subject_line"] + made.html
            read[member.email] = tuple(
                html.unescape(dialect.render(s, values, defaults)) for s in (sent, true["subject"] + true["html"])
            )
        return read  # type: ignore[return-value]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("http"))


def filled(sandbox: Sandbox, shop: Shop) -> Account:
    audience = sandbox.state.add_list("Lantern & Lace")
    for person in PEOPLE:
        sandbox.state.add_member(audience, person.email, "subscribed", {"FNAME": person.name})
    for status in ("unsubscribed", "cleaned", "pending", "archived", "transactional"):
        sandbox.state.add_member(audience, f"{status}@example.com", status, {})
    campaign = sandbox.state.add_campaign(
        audience, html="<p>Here are the lights.</p>", title="Spring", subject_line=SUBJECT
    )
    return Account(sandbox, shop, audience.id, campaign.id)


@pytest.fixture
def account(shop: Shop) -> Iterator[Account]:
    with Sandbox() as sandbox:
        yield filled(sandbox, shop)


def planned(account: Account, folder: Path) -> Plan:
    with account.target() as target:
        return plan(account.draft, target, account.shop.facts, account.shop.settings, out=folder / "plan")


def dies(account: Account, verb: str, what: str, store: Path, moment: int, when: str) -> bool:
    """Run in a process of its own, which kills itself at a note; say whether it came to that."""
    words = [
        sys.executable,
        "-c",
        APPLY_AND_DIE,
        verb,
        what,
        str(store),
        f"mailchimp:{account.list_id}",
        str(moment),
        when,
    ]
    done = subprocess.run(
        words, env={**account.environment, "PYTHONPATH": "src"}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_note_it_goes_on_and_comes_back(account: Account, tmp_path: Path, when: str) -> None:
    before = account.contents()
    made = planned(account, tmp_path)
    with account.target() as target:
        apply(tmp_path / "plan", target, Runs(tmp_path / "whole"))
        whole = account.contents()
        undo(made.run, target, Runs(tmp_path / "whole"))
        assert account.contents() == before != whole
        moment = 1
        while dies(account, "apply", str(tmp_path / "plan"), tmp_path / f"store-{moment}", moment, when):
            runs = Runs(tmp_path / f"store-{moment}")
            apply(tmp_path / "plan", target, runs)
            assert account.contents() == whole, f"killed {when} note {moment}"
            while dies(account, "undo", made.run, tmp_path / f"store-{moment}", 1 + moment % 4, when):
                break
            undo(made.run, target, runs)
            assert account.contents() == before, f"killed {when} note {moment}"
            moment += 1
    assert moment > 8


def test_everybody_reads_what_is_true_of_them(account: Account, tmp_path: Path) -> None:
    planned(account, tmp_path)
    with account.target() as target:
        runs = Runs(tmp_path / "store")
        done = apply(tmp_path / "plan", target, runs)
    read = account.delivered(done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))
    assert sorted(read) == ["p1@example.com", "p2@example.com", "p3@example.com"] and len(set(read.values())) == 3
    assert all(sent == true for sent, true in read.values())
    assert done.checklist == () or all(":" in item for item in done.checklist)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.EMPTY, Kind.HTML, Kind.ERROR])
@pytest.mark.parametrize("done", [True, False])
def test_faults_on_the_way_double_nothing_and_lose_nothing(
    account: Account, tmp_path: Path, kind: Kind, done: bool
) -> None:
    before = account.contents()
    made = planned(account, tmp_path)
    status = 503 if done else 429  # what was refused as too many was not carried out
    for on in ("POST *", "PUT *", "GET *", "DELETE *"):
        account.sandbox.faults.add(Fault(kind, on=on, status=status, done=done, times=2))
    with account.target() as target:
        runs = Runs(tmp_path / "store")
        result = apply(tmp_path / "plan", target, runs)
        account.sandbox.faults.clear()
        read = account.delivered(result.draft, Campaign.load(runs.folder(result.run) / "campaign.json"))
        assert len(read) == 3 and all(sent == true for sent, true in read.values())
        assert (
            len(account.sandbox.state.campaigns) == 2
            and len(account.sandbox.state.lists[account.list_id].segments) == 1
        )
        account.sandbox.faults.add(Fault(kind, on="DELETE *", status=status, done=done, times=2))
        undo(made.run, target, runs)
    assert account.contents() == before


def test_where_a_batch_needs_statuses_patch_writes_without_them(shop: Shop, tmp_path: Path) -> None:
    with Sandbox(readings=Readings(batch_without_status="rejected")) as sandbox:
        account = filled(sandbox, shop)
        before = account.contents()
        made = planned(account, tmp_path)
        runs = Runs(tmp_path / "store")
        with account.target() as target, pytest.raises(CapabilityError, match="patch"):
            apply(tmp_path / "plan", target, runs)
        with account.target(write="patch") as target:
            done = apply(tmp_path / "plan", target, runs)
            read = account.delivered(done.draft, Campaign.load(runs.folder(done.run) / "campaign.json"))
            assert len(read) == 3 and all(sent == true for sent, true in read.values())
            undo(made.run, target, runs)
        assert account.contents() == before


def test_planning_only_reads(account: Account, tmp_path: Path) -> None:
    before = account.contents()
    planned(account, tmp_path)
    assert account.contents() == before
    assert account.sandbox.calls["POST /lists/{list_id}"] == 0


def test_calls_are_as_few_as_batches_and_pages_allow(shop: Shop, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        account = filled(sandbox, shop)
        audience = sandbox.state.lists[account.list_id]
        for number in range(2_400):
            sandbox.state.add_member(audience, f"many{100 + number}@example.com", "subscribed", {})
        many = (Many(str(100 + number)) for number in range(2_400))
        everybody = make_shop(tmp_path / "everybody", (*PEOPLE, *many))
        sandbox.calls.reset()
        with account.target() as target:
            made = plan(account.draft, target, everybody.facts, everybody.settings, out=tmp_path / "plan")
            assert sandbox.calls["GET /lists/{list_id}/members"] == 3 and sandbox.calls.total == 3 + 4
            assert not any(route.startswith(("POST", "PUT", "PATCH", "DELETE")) for route in sandbox.calls.counts)
            sandbox.calls.reset()
            apply(tmp_path / "plan", target, Runs(tmp_path / "store"))
        counts = sandbox.calls.counts
        assert made.segment_people == 2_403 and made.people_changed == 2_403
        assert counts["POST /lists/{list_id}"] == 5
        assert counts["POST /lists/{list_id}/segments/{segment_id}"] == 5
        writes = sum(calls for route, calls in counts.items() if not route.startswith("GET"))
        assert writes == 5 + 5 + len(made.fields) + 3 and made.calls.writes == writes
        reads = sum(calls for route, calls in counts.items() if route.startswith("GET"))
        # Everybody is new to this audience: what changed since the plan is three pages and not one.
        assert reads - 2 == made.calls.reads <= 20


class Many(Person):
    """One of very many, who bought nothing."""

    @property
    def email(self) -> str:
        return f"many{self.id}@example.com"
