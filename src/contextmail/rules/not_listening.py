from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.rules.base import PolicyRule

IN_A_ROW = 12


class NotListening(PolicyRule):
    """Stop writing to whoever has answered none of the last messages.

    ## What it does
    Counts the messages since the last one that they answered, opened, clicked or bought after (`unanswered_streak`);
    from twelve in a row on (`[rules.not-listening] cap`) marketing is dropped. Where only some channels tell what was
    opened, a message that nothing is told of counts for nothing.

    ## Why it hurts
    Who has not listened for months does not begin at the thirteenth message, and mailbox providers take note.

    ## Example
    ```
    unanswered_streak = 12
    ```

    ## Use instead
    ```
    unanswered_streak = 11
    ```

    ## Fix safety
    The recipient is dropped. `otherwise = "reroute"` with a channel tries another one.
    """

    name = "not-listening"
    policy = Policy(
        name="not-listening",
        allow_when=f"message.purpose <> 'marketing' OR unanswered_streak < {IN_A_ROW}",
        otherwise="drop",
        to="preferred_channel",
        unknown_is="allowed",
        because="answered none of the last messages",
    )

    def usual(self, message: object) -> Policy:
        """Count as far as the company says."""
        most = self.override.cap or IN_A_ROW
        allow = f"message.purpose <> 'marketing' OR unanswered_streak < {most}"
        return self.policy.model_copy(update={"allow_when": allow})
