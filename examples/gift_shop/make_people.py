"""Invent names, addresses, consents and touches for the shop's real but nameless customers, the same at every run."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
TODAY = datetime(2011, 12, 10)
FIRST = """
Ada Agnes Alan Alice Amara Amy Andrew Anna Arthur Beatrice Ben Bruno Carla Carys Chloe Clara Daniel Daphne
David Della Edith Elena Ellen Emma Eric Esther Ewan Fatima Felix Flora Fran Frank George Gina Grace Hanna
Harry Helen Hugo Ida Imogen Irene Isaac Ivan Jack Jane Jean Joan Jonas Julia Karen Kit Lara Leo Lily Louis
Lucy Mabel Mark Martha Mary Maya Mei Miles Mina Nadia Ned Nina Nora Olga Oscar Otto Paula Peter Petra Quinn
Rachel Ravi Rosa Ruth Sam Sara Seth Sian Sofia Stella Tara Theo Tom Una Vera Victor Walter Wendy Yusuf Zara
Zoe
""".split()
LAST = """
Abbott Baker Barnes Bell Berry Bishop Blake Bond Booth Brook Bryant Burke Carr Chapman Clarke Cole Cook Cross
Dale Davies Dean Dixon Doyle Drake Ellis Evans Field Finch Fisher Fox Frost Gale Gibbs Grant Gray Green Hale
Hardy Hart Hayes Hill Holt Hope Hunt James Jones Kay Kent King Lamb Lane Lowe Marsh Mason Mills Moss Nash Neal
Owen Page Palmer Park Payne Pope Pratt Price Reed Rhodes Rose Rowe Shaw Stone Todd Vale Ward Watts Webb West
Wood York Young
""".split()
KINDS = {
    "lanterns": ("LANTERN",),
    "candles": ("CANDLE", "T-LIGHT"),
    "cake and tea": ("CAKE", "TEA ", "TEAPOT", "MUG"),
    "bags": ("BAG",),
    "christmas": ("CHRISTMAS",),
    "garden": ("GARDEN",),
    "clocks": ("CLOCK",),
}


def main() -> None:
    """Write customers.csv, consents.csv, touches.csv and products.csv beside this file."""
    connection = duckdb.connect()
    orders = str(HERE / "orders.parquet")
    ids = [
        r[0]
        for r in connection.execute(
            f"SELECT DISTINCT CustomerID FROM '{orders}' WHERE CustomerID IS NOT NULL ORDER BY 1"
        ).fetchall()
    ]
    chance = random.Random(2011)
    people, consents, touches = [], [], []
    for number in ids:
        first, last = chance.choice(FIRST), chance.choice(LAST)
        people.append(
            [
                number,
                dirty(first, last, chance),
                last,
                f"{first}.{last}.{number}@example.com".lower(),
                preference(chance),
            ]
        )
        consents += [[number, *consent] for consent in permissions(chance)]
        touches += [[number, *touch] for touch in contacts(chance)]
    # One who was looked at, never bought: her row is in the shop's list all the same.
    people.append([99001, "Petra", "Newcomb", "petra.newcomb@example.org", ""])
    consents.append([99001, "email", "marketing", "granted", "2011-11-30"])
    write("customers.csv", ["id", "first_name", "last_name", "email", "prefers"], people)
    write("consents.csv", ["id", "channel", "purpose", "choice", "at"], consents)
    write("touches.csv", ["id", "at", "channel", "purpose", "opened"], touches)
    products = connection.execute(
        f"SELECT StockCode, max(Description) FROM '{orders}' WHERE Description IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    write("products.csv", ["code", "category"], [[code, kind(name)] for code, name in products if kind(name)])


def dirty(first: str, last: str, chance: random.Random) -> str:
    """Give the first name as shops really have it."""
    roll = chance.random()
    if roll < 0.78:
        return first
    if roll < 0.85:
        return first.upper()
    if roll < 0.89:
        return first.lower()
    if roll < 0.95:
        return ""
    return chance.choice(
        [
            "TEST",
            "-",
            f"Mr {first}",
            f"{first} & {chance.choice(FIRST)}",
            f"{first.lower()}@example.com",
            f"{last} Gifts Ltd",
        ]
    )


def preference(chance: random.Random) -> str:
    """Give the channel that one in twelve has asked for."""
    return chance.choices(["", "email", "postal", "sms"], [88, 6, 4, 2])[0]


def permissions(chance: random.Random) -> list[list[str]]:
    """Give what somebody permitted and forbade, with dates."""
    day = (TODAY - timedelta(days=chance.randrange(20, 360))).date().isoformat()
    roll = chance.random()
    if roll < 0.04:
        return []
    rows = [["email", "marketing", "granted", day]]
    if roll > 0.92:
        rows.append(
            ["email", "marketing", "denied", (TODAY - timedelta(days=chance.randrange(1, 20))).date().isoformat()]
        )
    if chance.random() < 0.2:
        rows.append(["sms", "marketing", "granted", day])
    return rows


def contacts(chance: random.Random) -> list[list[str]]:
    """Give the messages of the last two weeks, of all tools."""
    touches = []
    for _ in range(chance.choices([0, 1, 2, 3, 4, 5], [30, 30, 20, 10, 6, 4])[0]):
        at = TODAY - timedelta(hours=chance.randrange(6, 14 * 24))
        channel = chance.choices(["email", "sms", "postal"], [85, 10, 5])[0]
        touches.append(
            [
                at.isoformat(sep=" "),
                channel,
                chance.choices(["ask", "value", "service"], [80, 10, 10])[0],
                str(chance.random() < 0.3).lower(),
            ]
        )
    return touches


def kind(name: str) -> str:
    """Give the category of a product by the words of its name, or nothing."""
    return next((kind for kind, words in KINDS.items() if any(word in name for word in words)), "")


def write(name: str, header: list[str], rows: list[list[object]]) -> None:
    """Write a CSV file beside this one."""
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
