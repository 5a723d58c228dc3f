"""What was sent is judged by what was known on the morning on which it was sent."""

import json
from pathlib import Path

import pytest

SETTINGS = """\
currency = "GBP"

[tables.customers]
path = "customers.csv"
customer = "id"

[tables.orders]
path = "orders.csv"
customer = "customer"
order = "order"
product = "product"
price = "price"
at = "at"

[tables.touches]
path = "touches.csv"
customer = "id"
campaign = "campaign"
channel = "channel"
at = "at"

[tables.consents]
path = "consents.csv"
customer = "id"
channel = "channel"
purpose = "purpose"
status = "choice"
at = "at"
"""
ORDERS = """\
order,customer,product,price,at
a1,1,p1,40.00,2023-12-20
b1,2,p1,40.00,2021-01-10
b2,2,p1,40.00,2021-02-10
c1,3,p1,40.00,2024-02-11
"""
# 3 bought for the first time on the day after the first message; 4 said no between the two.
TOUCHES = """\
id,campaign,channel,at
1,january,email,2024-01-15 09:00:00
2,january,email,2024-01-15 09:00:00
3,january,email,2024-01-15 09:00:00
4,january,email,2024-01-15 09:00:00
1,march,email,2024-03-15 09:00:00
3,march,email,2024-03-15 09:00:00
4,march,email,2024-03-16 09:00:00
4,march,email,2024-03-17 09:00:00
"""
CONSENTS = """\
id,channel,purpose,choice,at
1,email,marketing,granted,2020-01-01
2,email,marketing,granted,2020-01-01
3,email,marketing,granted,2020-01-01
4,email,marketing,granted,2020-01-01
4,email,marketing,denied,2024-02-01
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "contextmail.toml").write_text(SETTINGS)
    (tmp_path / "customers.csv").write_text("id\n1\n2\n3\n4\n")
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "touches.csv").write_text(TOUCHES)
    (tmp_path / "consents.csv").write_text(CONSENTS)
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "january.html").write_text("<p>We miss you! Come and see the lamps.</p>")
    (sent / "march.html").write_text("<p>Become a customer today!</p>")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(run, *words: str) -> dict:
    ran = run("backtest", *words, "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_each_message_is_judged_by_its_own_morning(shop: Path, run) -> None:
    rows = {(r["month"], r["rule"]): (r["messages"], r["times"], r["people"]) for r in told(run, "sent")["rows"]}
    # 2 has been quiet for three years; 1 was here in December; 3 and 4 had never bought by then.
    assert rows[("2024-01", "unearned-absence-claim")] == (1, 3, 3)
    # By March 3 is a customer, too, and 4, who is none, may be invited, but had said no.
    assert rows[("2024-03", "stranger-talk")] == (1, 2, 2)
    assert rows[("2024-03", "opted-out")] == (1, 1, 1)
    assert ("2024-01", "opted-out") not in rows and len(rows) == 3


def test_how_much_was_sent_is_told_beside_it(shop: Path, run) -> None:
    assert told(run, "sent")["sent"] == {"2024-01": 4, "2024-03": 3}


def test_a_message_that_nobody_got_is_noted(shop: Path, run) -> None:
    (shop / "sent" / "may.html").write_text("<p>We miss you!</p>")
    assert "may: nobody got it, as far as the touches say" in told(run, "sent/may.html")["notes"]


def test_touches_that_do_not_say_what_was_sent_are_an_error_with_its_cure(shop: Path, run) -> None:
    text = (shop / "contextmail.toml").read_text().replace('campaign = "campaign"\n', "")
    (shop / "contextmail.toml").write_text(text)
    ran = run("backtest", "sent")
    assert ran.code == 2 and "the touches do not say what was sent" in ran.err


def test_as_text_it_is_told_month_by_month(shop: Path, run) -> None:
    out = run("backtest", "sent").out
    assert "2024-01  sent 4 times" in out and "3  unearned-absence-claim (3 people, 1 message)" in out


def test_only_what_was_judged_is_counted_as_sent(run, shop: Path) -> None:
    with (shop / "touches.csv").open("a") as out:
        out.write("1,,email,2024-01-02 09:00:00\n1,,sms,2024-01-03 09:00:00\n")
    found = told(run, "sent/january.html")
    assert found["sent"] == {"2024-01": 4}
    assert found["notes"] == ["not judged: 6 touches of no message that was given"]


def test_who_got_it_long_after_its_first_day_is_said(run, shop: Path) -> None:
    with (shop / "touches.csv").open("a") as out:
        out.write("5,january,email,2024-02-20 09:00:00\n")
    (note,) = [note for note in told(run, "sent")["notes"] if note.startswith("january")]
    assert note.startswith("january: 1 of 5 people got it over a week after its first day")
