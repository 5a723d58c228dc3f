"""A hundred rewrites, sampled by a fixed seed over all rules and templates, to be read aloud."""

from __future__ import annotations

import html
import random
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from contextmail.campaign import Campaign
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.language.flow import Barrier, Place, apply, escape, fill, flow_of
from contextmail.language.reading import part_from_bytes
from contextmail.model.message import Message, Offer, Part, PartKind
from contextmail.predicates.tree import describe
from contextmail.rewriting import Rewrite, rewritten

HERE = Path(__file__).parent
SAMPLES = HERE / "samples.txt"
TEMPLATES = HERE.parent / "tests" / "data" / "templates"
CLOCK = datetime(2026, 5, 31)
OFFERS = (Offer(product="L1", category="lights", name="Brass Lantern"),)
FIELDS = {"FNAME": "first_name", "LNAME": "last_name"}
SOMEBODY = {
    "first_name": "Ada",
    "orders": 3,
    "first_order": date(2025, 11, 3),
    "last_order": date(2026, 4, 20),
    "last_product": "Trail Jacket",
}
SEED, HOW_MANY, ROUNDS, LONGEST = 7, 100, 4, 120
REST = "The lamps are here."
SUBJECTS = ("Special offer", "Newsletter", "Check this out!")
_SKIPPED = (Place.BUTTON, Place.ALT, Place.TITLE, Place.HIDDEN)


class Sample(NamedTuple):
    """One edit: where it stands, what was there, and (for whom, what they read) in order."""

    rule: str
    where: str
    before: str
    readings: tuple[tuple[str, str], ...]


def page() -> str:
    """Print the sample."""
    chance = random.Random(SEED)
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Sample] = {}
    for _ in range(ROUNDS):
        for path in sorted(TEMPLATES.iterdir()):
            if path.suffix != ".md":
                for sample in _samples(path, chance):
                    found.setdefault((sample.before, sample.readings), sample)
    chosen = _spread(list(found.values()), chance)
    return f"{_HEAD}{''.join(_printed(number, sample) for number, sample in enumerate(chosen, 1))}"


_HEAD = f"""# A hundred rewrites

Sentences of [samples.txt](samples.txt), put into the paragraphs, headings and subjects of real templates, and what
becomes of them: for whom, and what they read. The first row whose predicate is true of somebody is theirs. Slots are
filled from one customer: Ada, {SOMEBODY["orders"]} orders since November 2025, most lately the Trail Jacket in April.
"""


def _printed(number: int, sample: Sample) -> str:
    rows = "".join(f"| {when} | {text} |\n" for when, text in sample.readings)
    return (
        f"\n## {number}. {sample.rule}, {sample.where}\n\n> {sample.before}\n\n| for whom | reads |\n|---|---|\n{rows}"
    )


def _spread(samples: list[Sample], chance: random.Random) -> list[Sample]:
    """Choose in turns among the rules, so that each of them is there."""
    chance.shuffle(samples)
    by_rule: dict[str, list[Sample]] = {}
    for sample in samples:
        by_rule.setdefault(sample.rule, []).append(sample)
    chosen: list[Sample] = []
    while len(chosen) < HOW_MANY and any(by_rule.values()):
        chosen += [left.pop() for _, left in sorted(by_rule.items()) if left]
    return sorted(chosen[:HOW_MANY])


def _samples(path: Path, chance: random.Random) -> Iterator[Sample]:
    lines = [line for line in SAMPLES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    plain = [line for line in lines if "*|" not in line]
    named = [line for line in lines if "*|" in line] if "mailchimp" in path.name else plain
    part = _injected(path, [plain, plain, named], chance)
    subject = Part(name="subject", kind=PartKind.LINE, source=chance.choice(chance.choice([plain, named, SUBJECTS])))
    checker = Checker(Settings(as_of=CLOCK, fields=FIELDS))
    checked = checker.check(Message(parts=(subject, part), offers=OFFERS), opaque=True)
    rewrite = rewritten(checked, checker)
    campaign = compiled(rewrite, checker.settings)
    places = [(edit.part, *_block(rewrite.message.part(edit.part), edit.start, edit.end)) for edit in rewrite.edits]
    for index in range(len(campaign.edits)):
        if places.count(places[index]) == 1:  # what several edits do to one block is not read off one of them
            yield _sample(path.name, index, rewrite, campaign)


def _injected(path: Path, sins: list[list[str]], chance: random.Random) -> Part:
    """Put sentences into some of a template's blocks, alone or before what stands there."""
    kind = PartKind.TEXT if path.suffix == ".txt" else PartKind.HTML
    part = part_from_bytes("text" if kind is PartKind.TEXT else "html", kind, path.read_bytes())
    edits: list[tuple[int, int, str]] = []
    for block in flow_of(part, None).blocks:
        if block.place in _SKIPPED or block.tokens or block.mso or chance.random() < 0.5:
            continue
        sin = chance.choice(chance.choice(sins))
        keep = "" if sin.endswith(",") or block.place is Place.HEADING else chance.choice(["", f" {REST}"])
        edit = fill(block, 0, len(block.text), escape(sin + keep, block, part.encoding))
        if not isinstance(edit, Barrier):
            edits.append(edit)
    return part.model_copy(update={"source": apply(part.source, edits)})


def _sample(template: str, index: int, rewrite: Rewrite, campaign: Campaign) -> Sample:
    edit, variants = rewrite.edits[index], campaign.edits[index].variants
    part = rewrite.message.part(edit.part)
    first, last, place = _block(part, edit.start, edit.end)
    assert part is not None
    readings = []
    for code, variant in enumerate(variants):
        one = campaign.decide(SOMEBODY, as_of=CLOCK)
        one.codes = tuple(code if at == index else 0 for at in range(len(campaign.edits)))
        text = one.text(index)
        source = part.source[: edit.start] + text + part.source[edit.end :]
        gone = not text.strip() and edit.start <= first and last <= edit.end
        reads = (
            "(nothing)"
            if gone
            else "as it is"
            if variant.original
            else _shown(part, source, edit.start - (not text), edit.start + (len(text) or 1))
        )
        readings.append((f"`{describe(variant.when)}`" if variant.when is not None else "everybody else", reads))
    where = "subject" if place is Place.SUBJECT else f"{place} of {template}"
    return Sample(edit.rule, where, _shown(part, part.source, edit.start, edit.end), tuple(readings))


def _block(part: Part | None, start: int, end: int) -> tuple[int, int, Place]:
    """Give the source span of the block that an edit of `[start, end)` touches, and its place."""
    assert part is not None
    return next(_touched(part, part.source, start, end))[1:]


def _shown(part: Part, source: str, start: int, end: int) -> str:
    """Give what a reader sees of the block that `[start, end)` of `source` touches."""
    text = next(_touched(part, source, start, end))[0]
    text = text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0]} …"
    return html.escape(text, quote=False).replace("|", "\\|")


def _touched(part: Part, source: str, start: int, end: int) -> Iterator[tuple[str, int, int, Place]]:
    for block in flow_of(part.model_copy(update={"source": source}), None).blocks:
        first, last = block.source_start(0), block.source_end(len(block.text) - 1)
        if first < max(end, start + 1) and start < last:
            tokens = {at: block.source[token.start : token.end] for at, token in block.tokens.items()}
            yield (
                "".join(tokens.get(at, sign) for at, sign in enumerate(block.text)).replace("\n", " "),
                first,
                last,
                block.place,
            )
