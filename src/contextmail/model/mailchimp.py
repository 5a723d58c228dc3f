"""How a company's Mailchimp is reached: the settings of `[mailchimp]`, none of them secret."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MailchimpOptions(BaseModel):
    """Say which audience is read and written, and how gently. The key stays in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audience: str = ""
    """The audience's id, as `contextmail doctor` lists it."""
    connections: int = Field(default=10, ge=1, le=10)
    """Calls at the same time, over the whole process; Mailchimp allows one user ten, over all of their tools."""
    write: Literal["batch", "patch"] = "batch"
    """`batch`: 500 contacts a call; `patch`: one a call, by a method that cannot create a contact."""
    read_back: int = Field(default=100, ge=1)
    """Of each batch, one contact in so many at least is read back soon after, to see that its status has not moved."""
    fields: int = Field(default=30, ge=1)
    """Contact fields that the plan of the account allows in one audience: 30, on Premium 80."""
    timeout: float = Field(default=130.0, gt=0)
    """Seconds to wait for an answer. Mailchimp gives up after 120: a call that timed out later than that has ended
    there too, and holds no connection any more."""
    attempts: int = Field(default=8, ge=1)
    """Tries of a call that may be repeated."""
    wait: float = Field(default=1.0, ge=0)
    """Seconds before the second try; they double from try to try, up to 30."""
