"""contextmail rewrite: the template in the platform's own language, with manifest, diff and variants beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from contextmail import wiring
from contextmail.campaign import Campaign, CompiledVariant
from contextmail.checking import Checked, Checker
from contextmail.cli import files, options
from contextmail.cli.output import busy, console, notes, number, say
from contextmail.compiling import compiled, words
from contextmail.config import Settings
from contextmail.deciding import decide
from contextmail.dialects import DIALECTS, LANGUAGES
from contextmail.errors import DialectError
from contextmail.merging import Merged, merge
from contextmail.model.finding import Rewording
from contextmail.model.manifest import Manifest
from contextmail.predicates.tree import describe
from contextmail.proposing import Rewriter, rewritten_with
from contextmail.rewriting import Rewrite

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class _Written:
    """A rewritten message and what was made of it."""

    rewrite: Rewrite
    campaign: Campaign
    merged: Merged
    people: list[list[int]] | None
    """For each edit, recipients per variant; None: there are no facts."""


def rewrite(
    path: options.Message,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write to.", show_default=False)],
    safe_only: options.SafeOnly = False,
    propose: options.Propose = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each proposal of the language model, and why it is refused.")
    ] = False,
    dialect: options.Dialect = None,
    config: options.Config = None,
    as_of: options.AsOf = None,
    facts: options.Facts = None,
) -> None:
    """Write the template anew in the platform's own language, so that each recipient reads only what is true of them.

    Beside it: NAME.manifest.json (the contact fields that it asks for), NAME.diff, and NAME.variants.json (who reads
    what, with counts where facts are built). Everything outside an edit stays byte for byte.

    With --propose, the language model of [rewriter] may say in other words what the phrasebook says. A proposal is taken
    only where it says the same; else, and where the model fails, the phrasebook's text stands.

    ```
    contextmail rewrite spring.html -o out/
    contextmail rewrite spring.html -o out/ --safe-only --dialect mailchimp
    contextmail rewrite spring.html -o out/ --propose --verbose
    ```
    """
    settings = options.settings_of(config, dialect=dialect, as_of=as_of, facts=facts)
    with wiring.rewriter(settings, propose=propose) as rewriter:
        known = bool(facts) or wiring.has_facts(settings)
        written = _written(path, settings, rewriter, safe_only=safe_only, with_facts=known)
    outputs = files.outputs(path, written.rewrite.message, written.merged.parts, out)
    diff = files.diff(outputs, out)
    made = {file.path: file.after for file in outputs}
    if written.merged.manifest.fields:
        manifest = written.merged.manifest.model_dump_json(indent=1) + "\n"
        made[files.beside(path, out, ".manifest.json")] = manifest.encode()
    made[files.beside(path, out, ".diff")] = diff.encode("utf-8", "surrogateescape")
    made[files.beside(path, out, ".variants.json")] = (json.dumps(list(_as_json(written)), indent=1) + "\n").encode()
    for file, data in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    _say(written, diff)
    if verbose:
        _say_proposals(written.rewrite.rewordings)
    for file in made:
        say(("wrote ", "dim"), str(file))
    notes([*written.campaign.notes, *written.merged.notes])


def _written(
    path: Path, settings: Settings, rewriter: Rewriter | None, *, safe_only: bool, with_facts: bool
) -> _Written:
    folder = wiring.facts_folder(settings) if with_facts else None
    checker = wiring.checker(settings, folder)
    with busy("Asking the rewriter" if rewriter else "Rewriting"):
        rewrite = rewritten_with(rewriter, _checked(path, checker), checker, safe_only=safe_only)
    # whom a policy drops or holds today may get the template another day: all are counted
    campaign = compiled(rewrite, settings, folder.catalogue if folder else None).model_copy(update={"policies": []})
    people = None
    if folder:
        with busy("Counting who reads what"):
            people = decide(campaign, folder, as_of=settings.as_of).variants
    return _Written(rewrite, campaign, _merged(rewrite, campaign), people)


def _checked(path: Path, checker: Checker) -> Checked:
    """Check a message; one without any token speaks the language of the company's platform."""
    checked = checker.check(path)
    language = LANGUAGES.get(checker.settings.platform)
    if checked.dialect is None and language:
        return checker.check(checked.message.model_copy(update={"dialect": language}))
    return checked


def _merged(rewrite: Rewrite, campaign: Campaign) -> Merged:
    dialect = rewrite.checked.dialect
    if dialect:
        return merge(rewrite, campaign, dialect)
    if rewrite.edits:
        what = "the message has no token from which its template language could be told"
        cure = f"name it with --dialect {'|'.join(DIALECTS)}, or set platform in contextmail.toml"
        raise DialectError(what, where=rewrite.message.parts[0].path, cure=cure)
    parts = {part.name: part.source for part in rewrite.message.parts}
    return Merged(parts, Manifest(campaign=campaign.id, dialect="", fields=[]), (), ())


def _as_json(written: _Written) -> Iterator[dict[str, Any]]:
    for index, edit in enumerate(written.rewrite.edits):
        yield {
            "rule": edit.rule,
            "part": edit.part,
            "quote": edit.quote,
            "grade": edit.grade,
            "reason": edit.reason,
            "as": written.merged.modes[index],
            "variants": [
                {"when": when, "text": text, "original": variant.original, "people": people}
                | ({"proposed_by": variant.proposed_by} if variant.proposed_by else {})
                for when, text, variant, people in _variants(written, index)
            ],
            **({"proposals": told} if (told := list(_proposals(written.rewrite, index))) else {}),
        }


def _proposals(rewrite: Rewrite, index: int) -> Iterator[dict[str, str]]:
    for told in rewrite.rewordings:
        if told.edit == index:
            yield {key: value for key, value in asdict(told).items() if key != "edit"}


def _variants(written: _Written, index: int) -> Iterator[tuple[str, str, CompiledVariant, int | None]]:
    """Yield predicate, text, the variant itself, and how many read it, for each variant of an edit."""
    for at, variant in enumerate(written.campaign.edits[index].variants):
        when = describe(variant.when) if variant.when is not None else ""
        people = written.people[index][at] if written.people else None
        yield when, words(variant, written.rewrite.edits[index]), variant, people


def _say_proposals(rewordings: Sequence[Rewording]) -> None:
    for told in rewordings:
        reason = f": {told.reason}" if told.reason else ""
        proposed = f' -> "{told.proposed}"' if told.proposed else ""
        say(f'  "{told.text}"{proposed}  ', (f"{told.outcome}{reason}", "green" if told.outcome == "taken" else "dim"))


def _say(written: _Written, diff: str) -> None:
    out = console()
    for line in diff.split("\n")[:-1]:
        say((line.rstrip("\r"), _DIFF_STYLES.get(line[:1], "")), to=out)
    for index, edit in enumerate(written.rewrite.edits):
        place = f"{edit.finding.path}:{edit.finding.line}:{edit.finding.column} " if edit.finding else ""
        say(
            (place, "bold"),
            (edit.rule, "cyan"),
            f'  "{edit.quote}"  ({edit.grade}, {written.merged.modes[index]})',
            to=out,
        )
        for when, text, variant, people in _variants(written, index):
            count = f"{number(people):>9}  " if people is not None else "  "
            shown = "as it was" if variant.original else f'"{text}"' if text else "nothing"
            by = f"  (proposed by {variant.proposed_by})" if variant.proposed_by else ""
            say(f"  {count}", shown, (by, "yellow"), (f"    {when or 'everybody else'}", "dim"), to=out)
    mended = {id(edit.finding) for edit in written.rewrite.edits}
    for finding in written.rewrite.findings:
        if finding.note and id(finding) not in mended and not finding.suppressed:
            say(
                (f"{finding.path}:{finding.line}:{finding.column} ", "bold"),
                (finding.rule, "cyan"),
                f'  "{finding.quote}"  {finding.note}',
            )
