"""contextmail consent release and done: what only a colleague can say."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import say
from contextmail.errors import ConfigurationError
from contextmail.model.endpoint import normalise
from contextmail.syncing import release as release_subject


def release(
    endpoint: Annotated[str, typer.Argument(help="An address, or a number with its country.", show_default=False)],
    config: options.Config = None,
) -> None:
    """Let the person's own choices count again for an address or number that was switched back and forth too often.

    ```
    contextmail consent release ada@example.com
    ```
    """
    with wiring.sync(options.settings_of(config)) as sync:
        report = release_subject(sync, sync.store.subject(normalise(endpoint)))
    say("released" if report.changes else "it was not frozen")


def done(
    task: Annotated[int, typer.Argument(help="A task's number, as contextmail status lists it.", show_default=False)],
    config: options.Config = None,
) -> None:
    """Say that a task is done: what no system could take by itself was carried over by hand.

    ```
    contextmail consent done 12
    ```
    """
    with closing(wiring.consent_store(options.settings_of(config))) as store:
        if task not in {one.id for one in store.tasks()}:
            raise ConfigurationError(f"there is no open task {task}", cure="contextmail status")
        store.finish(task)
    say(f"task {task} is done")
