"""Settings to a language model that may reword texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from contextmail.environment import environment

if TYPE_CHECKING:
    from contextmail.config import Settings
    from contextmail.proposing import Rewriter


@contextmanager
def rewriter(settings: Settings, *, propose: bool | None = None) -> Iterator[Rewriter | None]:
    """Open the rewriter of `[rewriter]`, and close it; None where it is off. `propose` says so for one run.

    Raises ConfigurationError where it is on and has no url, no model, or no key.
    """
    options = settings.rewriter
    if not (options.propose if propose is None else propose):
        yield None
        return
    from contextmail.connectors.chat import Chat
    from contextmail.proposing import Rewriter
    from contextmail.store.answers import Answers

    chat = Chat(options, environment())
    with closing(Rewriter(chat, Answers(settings.store / "proposals"), most=options.most)) as opened:
        yield opened
