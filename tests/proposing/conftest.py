"""A message rewritten with the model of an endpoint on loopback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from proposing.server import Endpoint

from contextmail.checking import Checker
from contextmail.config import Settings
from contextmail.connectors.chat import Chat
from contextmail.model.rewriter import RewriterOptions
from contextmail.proposing import Rewriter, rewritten_with
from contextmail.rewriting import Rewrite
from contextmail.store.answers import Answers


@pytest.fixture
def reword(endpoint: Endpoint, tmp_path: Path) -> Callable[..., Rewrite]:
    """Rewrite a message with the endpoint's model."""

    def reword(
        message: object,
        *,
        language: str = "en",
        phrasebook: dict[str, Any] | None = None,
        most: int = 50,
        **options: Any,
    ) -> Rewrite:
        settings = Settings(language=language, phrasebook=phrasebook or {})
        asked = {"url": endpoint.url, "model": "editor-1", "timeout": 2, "wait": 0, "attempts": 2, **options}
        chat = Chat(RewriterOptions(**asked), {"MODEL_KEY": "sk-test"})
        rewriter = Rewriter(chat, Answers(tmp_path / "proposals"), most=most)
        checker = Checker(settings)
        try:
            return rewritten_with(rewriter, checker.check(message), checker)
        finally:
            rewriter.close()

    return reword
