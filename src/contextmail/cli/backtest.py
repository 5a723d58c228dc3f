"""contextmail backtest: of how many people was what we sent untrue or unwanted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.backtesting import Backtest
from contextmail.backtesting import backtest as replay
from contextmail.cli import options
from contextmail.cli.findings import messages_at
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import note, number, plural, say, write_json
from contextmail.cli.progress import progress
from contextmail.errors import ConfigurationError
from contextmail.facts.folder import FactsFolder
from contextmail.language.messages import read_message


def backtest(
    paths: Annotated[list[Path], typer.Argument(help="Messages that were sent: files, or folders of them.")],
    form: Annotated[TextOrJson, typer.Option("--format", help="How the counts are written.")] = TextOrJson.TEXT,
    config: options.Config = None,
) -> None:
    """Replay messages that were sent: count, per rule and month, to how many people something untrue or unwanted went.

    Each message is judged by the facts as they were on the morning on which it was sent. Who got it is told by
    [tables.touches], whose `campaign` is the message's id (the name of its file).

    ```
    contextmail backtest sent/
    contextmail backtest sent/march.html --format json
    ```
    """
    settings = options.settings_of(config)
    touches = settings.tables.get("touches")
    if touches is None:
        cure = "[tables.touches] path, customer, at, campaign"
        raise ConfigurationError("nothing is known of what was sent", where="[tables.touches]", cure=cure)
    with TemporaryDirectory(prefix="contextmail-") as temp, progress() as tell:

        def facts_at(moment: datetime) -> FactsFolder:
            folder = Path(temp) / f"{moment:%Y%m%d}"
            then = settings.model_copy(update={"as_of": moment, "facts": folder})
            if not folder.exists():
                wiring.build_facts(then, hindsight=False)
            return FactsFolder.open(folder)

        messages = (read_message(path, dialect=settings.dialect) for given in paths for path in messages_at(given))
        told = replay(messages, touches, facts_at, settings, progress=tell)
    if form is TextOrJson.JSON:
        write_json({"rows": [asdict(row) for row in told.rows], "sent": told.sent, "notes": told.notes})
    else:
        _say(told)


def _say(told: Backtest) -> None:
    for month, touches in told.sent.items():
        say((f"{month}  sent {number(touches)} times", "bold"))
        for row in (row for row in told.rows if row.month == month):
            people = "1 person" if row.people == 1 else f"{number(row.people)} people"
            of = f"{people}, {plural(row.messages, 'message')}"
            say(f"  {number(row.times):>9}  {row.rule} ({of})")
    for text in told.notes:
        note(text)
