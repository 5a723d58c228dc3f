"""Invented people, the same at every run: nobody real, all on example.com."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contextmail.errors import ConfigurationError

FIRST = """Ada Agnes Alan Alice Amara Amy Andrew Anna Arthur Beatrice Ben Bruno Carla Chloe Clara Daniel David Della
Edith Elena Emma Eric Esther Ewan Fatima Felix Flora Frank Gina Grace Hanna Harry Helen Hugo Ida Imogen Irene Isaac
Ivan Jack Jane Joan Jonas Julia Karen Kit Lara Leo Lily Louis Lucy Mabel Mark Martha Maya Mei Miles Nadia Nina Nora
Olga Oscar Otto Paula Peter Quinn Rachel Ravi Rosa Ruth Sam Sara Seth Sofia Stella Tara Theo Tom Vera Victor Wendy
Yusuf Zoe""".split()
LAST = """Abbott Baker Barnes Bell Berry Bishop Blake Booth Brook Bryant Carr Clarke Cole Cook Cross Dale Davies Dixon
Drake Ellis Evans Field Finch Fisher Fox Frost Gibbs Grant Gray Green Hale Hardy Hart Hayes Hill Holt Hope Hunt James
Jones Kent King Lamb Lane Lowe Marsh Mason Mills Moss Nash Owen Page Palmer Park Payne Pope Price Reed Rhodes Rose
Rowe Shaw Stone Todd Vale Ward Watts Webb West Wood York Young""".split()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented: `id` is the shop's number of them."""

    id: str
    email: str
    first_name: str
    last_name: str


def invent(count: int, seed: int = 0) -> Iterator[Person]:
    """Invent `count` people with addresses of their own on example.com."""
    chance = random.Random(f"people:{seed}")
    for number in range(1, count + 1):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        yield Person(str(10000 + number), f"{first}.{last}.{number}@example.com".lower(), first, last)


def read_people(path: Path) -> Iterator[Person]:
    """Read people from a CSV file with the columns id, email, first_name and last_name.

    Raises ConfigurationError where one of them is not there.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if lacking := {"id", "email", "first_name", "last_name"}.difference(rows.fieldnames or ()):
            what = f"it has no column {' and no '.join(sorted(lacking))}"
            raise ConfigurationError(what, where=str(path), cure="its columns are id, email, first_name, last_name")
        for row in rows:
            yield Person(row["id"], row["email"], row["first_name"], row["last_name"])
