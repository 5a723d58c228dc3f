"""Members by key and by page: a filter looks at everybody once, until something changes."""

from dataclasses import dataclass

from contextmail.sandbox.mailchimp.roster import Roster


@dataclass
class One:
    key: str
    status: str = "subscribed"


def test_a_view_is_made_anew_only_after_a_change():
    roster, asked = Roster(), []

    def gone(member):
        asked.append(member.key)
        return member.status == "unsubscribed"

    for number in range(5):
        roster.put(One(str(number)))
    assert roster.view("gone", gone) == roster.view("gone", gone) == []
    assert len(asked) == 5
    roster["3"].status = "unsubscribed"
    roster.changed()
    assert [member.key for member in roster.view("gone", gone)] == ["3"]
    assert len(asked) == 10


def test_members_keep_their_order_whatever_happens_to_them():
    roster = Roster()
    for key in "cab":
        roster.put(One(key))
    roster.put(One("a", "pending"))
    assert [member.key for member in roster.view("all", None)] == ["c", "a", "b"]
    assert [member.key for member in roster.view("sorted", None, lambda member: member.key)] == ["a", "b", "c"]
    roster.remove("c")
    assert [member.key for member in roster.view("all", None)] == ["a", "b"]
    assert roster.counts() == {"pending": 1, "subscribed": 1}
