"""Whose a deleted record was: the latest pull of that platform says it, and no other platform's."""

import json

import pytest

from contextmail.connectors.pulling import Cursor
from contextmail.connectors.remembered import address_of


@pytest.fixture
def folder(tmp_path):
    def made(name, source, **pulls):
        place = tmp_path / name
        (place / "customers").mkdir(parents=True)
        (place / "cursor.json").write_text(Cursor(source=source).model_dump_json())
        for pull, rows in pulls.items():
            lines = [json.dumps({"customer": key, "email": email}) for key, email in rows.items()]
            (place / "customers" / f"{pull}.jsonl").write_text("\n".join(lines))
        return place

    return made


def test_the_latest_pull_of_the_platform_counts(folder):
    mailchimp = folder("a", "mailchimp:list", p1={"7": "other@example.com"})
    hubspot = folder(
        "b", "hubspot:contacts", p1={"7": "ann@example.com", "77": "bob@example.com"}, p2={"7": "ann.new@example.com"}
    )
    folders = [mailchimp, hubspot]
    assert address_of(folders, "hubspot", "7") == "ann.new@example.com"
    assert address_of(folders, "hubspot", "77") == "bob@example.com"


def test_what_nobody_remembers_is_empty(folder, tmp_path):
    folders = [folder("a", "hubspot:contacts", p1={"7": None}), tmp_path / "nothing"]
    assert [address_of(folders, "hubspot", one) for one in ("7", "8")] == ["", ""]
