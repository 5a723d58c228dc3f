"""Take whoever withdraws out of what is applied and not sent yet: a system of the sync, like any other that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from contextmail.connectors.base import Target
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.consents import Pushed, spellings
from contextmail.model.consent import Act
from contextmail.model.event import Notice, Push
from contextmail.planning.folder import campaign_plan
from contextmail.store.base import Consents
from contextmail.store.permissions import refuses
from contextmail.store.runs import Run, Runs

SENT = ("sending", "sent")


class WaitingCampaigns:
    """The segments of applied runs. `open_target` opens an audience by its name, `mailchimp:LIST`.

    Of each run the same is asked as when it was planned: whether `consents` refuse its message.
    """

    name = "campaigns"
    readable = False

    def __init__(
        self, runs: Runs, open_target: Callable[[str], AbstractContextManager[Target]], consents: Consents
    ) -> None:
        self._runs, self._open_target, self._consents = runs, open_target, consents

    def push(self, push: Push) -> Pushed:
        """Take the endpoint out of every segment that waits and whose message it may not get any more."""
        if push.act is Act.GRANT:
            return Pushed("absent", "it adds nobody to a campaign")
        left = [self._leave(run, push) for run in self._runs.all() if run.kind == "campaign"]
        return Pushed("done" if any(left) else "absent")

    def _leave(self, run: Run, push: Push) -> bool:
        segment = (self._runs.result(run.run, "segment") or {}).get("id")
        if run.state not in ("applying", "applied") or segment is None:
            return False
        if not refuses(self._consents, push.subject, campaign_plan(self._runs.folder(run.run)).scope):
            return False
        with self._open_target(run.audience) as target:
            draft = self._runs.result(run.run, "draft")
            there = unless_gone(lambda: target.draft(draft["id"])) if draft else None
            if there and there.state in SENT:
                return False
            target.change_segment(segment, remove=spellings(push.endpoint))
        return True

    def read(self, endpoint: str) -> list[Notice]:
        """Say nothing: a segment keeps no consent."""
        return []

    def sweep(self, *, since: datetime | None) -> Iterator[Notice]:
        """Stream nothing: a segment keeps no consent."""
        return iter(())

    def close(self) -> None:
        """Close the memory of runs."""
        self._runs.close()
