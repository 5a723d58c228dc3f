"""A language model that may reword the phrasebook's texts: the settings of `[rewriter]`, none of them secret."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _variable(name: str) -> str:
    """Refuse what is no variable's name, without a word of it: it may be the key itself."""
    if not re.fullmatch(r"(?:[A-Za-z_][A-Za-z0-9_]*)?", name):
        raise ValueError("that is no name of an environment variable: put the key into one, and its name here")
    return name


class RewriterOptions(BaseModel):
    """Say which language model may propose other words for the phrasebook's texts; it is off by default.

    It gets the sentence, the phrasebook's text with its slots unfilled, the rule and for whom the text is, and nothing
    of any person. What it proposes is taken only where it says what the phrasebook's text says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    propose: bool = False
    """Whether `rewrite`, `plan`, `compile` and `preview` ask it; `--propose` and `--no-propose` say so for one run. An
    edit with a proposal is `unsafe`, so that `--safe-only` asks for none. A proposal is taken where it is the
    phrasebook's text word by word, but for phrases that mean the same; a brand lists its own under
    `[phrasebook.proposals]`: `same = [["thank you", "many thanks"]]`."""
    url: str = ""
    """An endpoint with OpenAI's interface, up to what stands before `/chat/completions`: `https://api.example.com/v1`."""
    model: str = ""
    """The name of the model there."""
    key_variable: Annotated[str, AfterValidator(_variable)] = ""
    """The environment variable that holds the key; empty: the endpoint asks for none."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds to wait for the whole of an answer."""
    attempts: int = Field(default=3, ge=1)
    """Tries of a call that found the endpoint busy or away."""
    wait: float = Field(default=1.0, ge=0)
    """Seconds before the second try; they double from try to try, up to 30."""
    connections: int = Field(default=4, ge=1)
    """Calls at the same time."""
    most: int = Field(default=50, ge=1)
    """Calls of one run; texts beyond stay as the phrasebook has them. An answer that is known is not asked for again."""
