from __future__ import annotations

from contextmail.model.claim import Policy
from contextmail.model.crossing import CLEAR
from contextmail.rules.base import PolicyRule

DAYS = 1


class CrossedCampaigns(PolicyRule):
    """Hold a message that would reach somebody beside one that matters more.

    ## What it does
    Looks for the other messages that are planned for the recipient within a day of this one, over all channels and tools
    (`[rules.crossed-campaigns] days`). The one with the higher `priority` in its front matter (0 where none is said) goes
    first; of equal ones the earlier `planned_at`, then the first id in the alphabet, so that no two wait for each other.
    They come from `[tables.planned]`, from the planned rows of `touches`, and from contextmail's own runs whose draft
    waits. A row whose `campaign` is the message's own id is the message itself. Transactional messages are exempt.

    ## Why it hurts
    The notice about their contract, the survey and the summer sale arrive in one morning, and the notice goes unread.

    ## Example
    ```
    planned_messages = ["2026-05-31T18:00:00 5 contract-notice"]
    ```

    ## Use instead
    ```
    planned_messages = ["2026-06-03T18:00:00 5 contract-notice"]
    ```

    ## Fix safety
    The message is held until the last of those that go first has gone out, and dropped when it has expired by then. Where
    no plans are known it is sent.
    """

    name = "crossed-campaigns"
    policy = Policy(
        name="crossed-campaigns",
        allow_when=f"message.purpose = 'transactional' OR {CLEAR} <= as_of",
        otherwise="hold",
        until=CLEAR,
        unknown_is="allowed",
        because="another message goes first",
    )
