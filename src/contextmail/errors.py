"""Every error that contextmail raises, grouped by what the caller does next.

    ContextmailError
    ├── ConfigurationError        fix a file or a setting, then run again
    │   ├── PredicateError        fix the predicate at the caret
    │   └── MissingExtraError     install the extra that is named
    ├── TemplateError             fix the message at the span
    │   └── DialectError          name the template language with --dialect
    ├── AuthenticationError       fix or replace the key
    │   └── ForbiddenError        the key is good, and may not do this: give it the right, or do without
    ├── CapabilityError           the platform cannot represent it: take the step that is named
    ├── PlatformError             the platform refused: read its title and detail
    │   └── RetryableError        the platform was busy or away: the only kind that is tried again
    │       └── UncertainError    no answer came, and the call may have been carried out: look before making it again
    ├── UnsafePlanError           the plan would do more than its limits allow: read it, then raise a limit or mend it
    │   └── StatusMovedError      a contact's consent status moved under a write: stop and look
    ├── StalePlanError            the world moved since the plan was made: plan again
    └── RecordRejected            one row is broken: it is reported and skipped

A message says what is wrong, where, and the cure; it never holds an address or a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ContextmailError(Exception):
    """Any error of contextmail: catch this one to catch them all."""


class ConfigurationError(ContextmailError):
    """A file or a setting is wrong: fix it and run again.

    `where` is the place (a file and key, or a file and line), `cure` the step to take; either may be empty.
    """

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        self.what, self.where, self.cure = what, where, cure
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head}\n  cure: {cure}" if cure else head)


class PredicateError(ConfigurationError):
    """A predicate does not parse or does not type-check; the message shows it with a caret.

    `text` is the whole predicate, `at` the character offset of the mistake, `hint` a suggestion or empty.
    """

    def __init__(self, what: str, *, text: str, at: int, hint: str = "", where: str = "") -> None:
        self.text, self.at, self.hint = text, at, hint
        line_start = text.rfind("\n", 0, at) + 1
        line_end = text.find("\n", at)
        line = text[line_start : line_end if line_end >= 0 else len(text)]
        shown = f"{what}\n  {line}\n  {' ' * (at - line_start)}^"
        super().__init__(shown, where=where, cure=hint)


class MissingExtraError(ConfigurationError):
    """A library of an optional extra is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed", cure=f'pip install "contextmail[{extra}]"')


class TemplateError(ContextmailError):
    """A message cannot be read or edited at a span of one of its parts."""

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        self.what, self.where, self.cure = what, where, cure
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head}\n  cure: {cure}" if cure else head)


class DialectError(TemplateError):
    """The template language of a message cannot be told from its tokens."""


class _Explained(ContextmailError):
    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        self.what, self.where, self.cure = what, where, cure
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head}\n  cure: {cure}" if cure else head)


class AuthenticationError(_Explained):
    """A key is missing, wrong, or may not do this."""


class ForbiddenError(AuthenticationError):
    """A key is good, and may not do this: its rights, or the account's plan, do not reach so far."""


class CapabilityError(_Explained):
    """A platform cannot represent what was asked of it."""


class PlatformError(_Explained):
    """A platform refused a call; `status` is its HTTP status, `title` and `detail` its own words."""

    def __init__(self, title: str, *, detail: str = "", status: int = 0, where: str = "", cure: str = "") -> None:
        self.title, self.detail, self.status = title, detail, status
        super().__init__(f"{title}: {detail}" if detail else title, where=where, cure=cure)


class RetryableError(PlatformError):
    """A platform was busy, slow or away; the same call may go through later."""

    after: float = 0.0
    """Seconds for which the platform asks to be left alone; 0: it did not say."""


class UncertainError(RetryableError):
    """No answer came to a call that makes something; it may have been carried out, so look before making it again."""


class UnsafePlanError(_Explained):
    """A plan would do more than its limits allow."""


class StatusMovedError(UnsafePlanError):
    """A contact's consent status moved while fields were written: nothing more is written."""


class StalePlanError(_Explained):
    """The world has moved since a plan was made."""


class RecordRejected(ContextmailError):
    """One row of a table or one line of input is broken; the rest goes on."""

    def __init__(self, what: str, *, where: str, cure: str = "") -> None:
        self.what, self.where, self.cure = what, where, cure
        super().__init__(f"{where}: {what}" + (f"\n  cure: {cure}" if cure else ""))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `did you mean 'orders'?` for the known word nearest to `word`, or an empty text."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
