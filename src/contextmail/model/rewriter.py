"""A language model that may reword the phrasebook's texts: the settings of `[rewriter]`, none of them secret."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RewriterOptions(BaseModel):
    """Say which language model may propose other words for the phrasebook's texts; it is off by default.

    It gets the sentence, the phrasebook's text with its slots unfilled, the rule and for whom the text is, and nothing
    of any person. What it proposes is taken only where it says what the phrasebook's text says: word by word, but for
    phrases that mean the same, which `[phrasebook.proposals]` lists: `same = [["thank you", "many thanks"]]`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    propose: bool = False
    """Whether `rewrite`, `plan`, `compile` and `preview` ask it; `--propose` and `--no-propose` say so for one run. An
    edit with a proposal is `unsafe`, so that `--safe-only` asks for none."""
    url: str = ""
    """An endpoint with OpenAI's interface, up to what stands before `/chat/completions`: `https://api.example.com/v1`."""
    model: str = ""
    """The name of the model there."""
    key_variable: str = ""
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
