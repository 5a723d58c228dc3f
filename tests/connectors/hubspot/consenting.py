"""A portal with two subscription types and two contacts, and systems of consent over it."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from contextmail.connectors.hubspot.consent import HubspotConsents
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.transport import Transport
from contextmail.model.consent import Act, Scope
from contextmail.model.consent_options import HubspotSystem
from contextmail.model.event import Push
from contextmail.model.hubspot import HubspotOptions
from contextmail.sandbox.hubspot import Readings, Sandbox

ANN, BOB = "ann@example.com", "bob@example.com"
MARKETING = Scope("email", "marketing")
START = datetime(2026, 6, 1, 9)
DAY = timedelta(days=1)
STATUSES = "/communication-preferences/v4/statuses/{email}"


class Portal:
    """A sandbox with two subscription types and two contacts, its clock, and systems over it."""

    def __init__(self, sandbox, now):
        self.sandbox, self.state, self._now = sandbox, sandbox.state, now
        self.news, self.sale = (self.state.add_definition(name).id for name in ("News", "Sale"))
        self.ann, self.bob = (self.state.add_contact(email) for email in (ANN, BOB))
        self._made = []

    def tick(self):
        self._now[0] += DAY

    def system(self, remembered=lambda _: "", **options):
        credentials = Credentials(self.sandbox.token, self.sandbox.url)
        transport = Transport(credentials, HubspotOptions(wait=0.0, timeout=5.0, attempts=2))
        own = HubspotSystem(kind="hubspot", portal=62515, **options)
        self._made.append(HubspotConsents(transport, own, remembered=remembered))
        return self._made[-1]

    def left(self, email):
        return [
            name for name, of in (("news", self.news), ("sale", self.sale)) if self.state.preferences.left(email, of)
        ]

    def close(self):
        for one in self._made:
            one.close()


@contextmanager
def a_portal(**readings):
    now = [START.replace(tzinfo=UTC)]
    with Sandbox(clock=lambda: now[0], readings=Readings(**readings)) as sandbox:
        opened = Portal(sandbox, now)
        yield opened
        opened.close()


def push(endpoint, act=Act.DENY, scope=MARKETING, change="0123456789abcdef"):
    return Push(1, "hubspot", "subject", endpoint, act, scope, "", 1, change, "pushing", 1, "")


def of_list(of):
    return Scope("email", "marketing", str(of))


def said(notices):
    return {(one.endpoint, one.act, one.scope) for one in notices}
