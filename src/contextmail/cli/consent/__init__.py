"""contextmail consent: what may be sent to whom, and why; opt-outs that are taken over from a file."""

from __future__ import annotations

import typer

from contextmail.cli.consent.importing import import_
from contextmail.cli.consent.show import show, why_not
from contextmail.cli.consent.tasks import done, release

app = typer.Typer(
    rich_markup_mode="markdown", no_args_is_help=True, help="Explain what may be sent to whom, and take opt-outs over."
)
app.command("show")(show)
app.command("why-not")(why_not)
app.command("import")(import_)
app.command("release")(release)
app.command("done")(done)
