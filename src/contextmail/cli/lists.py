"""What `contextmail decide` does with a list, and says of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, NoReturn

import typer

from contextmail import wiring
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import busy, note, number, plural, say, write_json
from contextmail.config import Settings
from contextmail.errors import ConfigurationError
from contextmail.facts.folder import FactsFolder
from contextmail.listing.base import Listed
from contextmail.listing.rechecking import recheck_list
from contextmail.model.decision import Outcome

_WHY = {
    "no-endpoint": "no number or address with its country: +44 1632 960961",
    "repeated": "the same number or address is further up in the list",
    "unasked-channel": "this number or address is not one that they gave us",
    "shared": "several customers have this number, and no text is true of each: name one of them in the row",
    "changed": "the row is not as it was written: pass on every column of contextmail's as it is",
    "expired": "too late: the list or the message has expired",
    "no-text": "nothing is left to say to them",
    "text-changed": "what they would hear is no longer true: make the list anew",
}
"""What reasons mean that are no rule's name."""
_NO_LEDGER = "there is no ledger of consent here: opt-outs since the facts were built are not known; it begins with the first outcomes"


class ListFiles(NamedTuple):
    """The files of a list: the script and the people, or the list to be checked again; and what is written."""

    script: Path | None
    people: Path | None
    recheck: Path | None
    out: Path | None
    left_out: Path | None
    scripts: Path | None


def on_list(
    files: ListFiles, settings: Settings, facts: FactsFolder, *, hours: float | None, safe_only: bool, form: TextOrJson
) -> NoReturn:
    """Make a list or check it again, say who is reached, and leave: 1 where rows fell out, or could not be read.

    Raises ConfigurationError where the files and options do not go together, and as making and checking do.
    """
    script, people, recheck, out, left_out, scripts = files
    with busy("Deciding"), wiring.ledger(settings) as ledger:
        if script and people and not recheck:
            from contextmail.listing.making import make_list

            told = make_list(
                script, people, settings, facts, ledger,
                out=out, left_out=left_out, scripts=scripts, hours=hours, safe_only=safe_only,
            )  # fmt: skip
        elif recheck and not (script or people or scripts or hours):
            told = recheck_list(recheck, settings, facts, ledger, out=out, left_out=left_out)
        else:
            cure = "decide SCRIPT --list PEOPLE -o LIST, or decide --recheck LIST -o BLOCK"
            raise ConfigurationError("these do not go together", where="--list, --recheck", cure=cure)
    if form is TextOrJson.JSON:
        write_json(_as_json(told, out, left_out))
    else:
        _say(told, out, left_out)
    if ledger is None:
        note(_NO_LEDGER)
    raise typer.Exit(1 if told.broken or (recheck and told.kept < told.rows) else 0)


def _say(told: Listed, out: Path | None, left_out: Path | None) -> None:
    for line in told.notes:
        say((line, "yellow"))
    say((f"{number(told.kept)} of {plural(told.rows, 'row')} may be reached", "bold"))
    for outcome in Outcome:
        for (name, reason), rows in sorted(told.reasons.items(), key=lambda item: -item[1]):
            if name == outcome and reason:
                why = f"  ({_WHY[reason]})" if reason in _WHY else ""
                say(f"  {outcome:<8}{number(rows):>{len(number(told.rows))}}  {reason}", (why, "dim"))
    if told.unknown:
        say(f"  {plural(told.unknown, 'row')} of somebody whom the facts do not know")
    for broken in told.broken:
        say(("  broken: ", "red"), str(broken))
    if long := sum(rows for count, rows in told.segments.items() if count > 1):
        most = max(told.segments)
        say(
            ("  long: ", "yellow"),
            f"{plural(long, 'text')} of more than one segment, up to {most} (contextmail_segments)",
        )
    if out:
        until = f", to be used before {told.use_before:%Y-%m-%d %H:%M} UTC" if told.use_before else ""
        say(f"written to {out}{until}" + (f"; the others to {left_out}" if left_out else ""))


def _as_json(told: Listed, out: Path | None, left_out: Path | None) -> dict[str, object]:
    return {
        "rows": told.rows,
        "kept": told.kept,
        "reasons": [{"outcome": o, "reason": r, "rows": n} for (o, r), n in told.reasons.items()],
        "unknown": told.unknown,
        "use_before": told.use_before.isoformat() + "Z" if told.use_before else None,
        "segments": {str(count): rows for count, rows in told.segments.items()},
        "broken": [{"line": broken.line, "what": broken.what} for broken in told.broken],
        "notes": list(told.notes),
        "out": str(out) if out else None,
        "left_out": str(left_out) if left_out else None,
    }
