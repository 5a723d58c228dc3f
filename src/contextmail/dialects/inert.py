"""How text from facts is kept from being read as a token, by any of the template languages."""

from __future__ import annotations

import re

# The opening marks of all languages, in each: a name with `{{` in it must not make a Mailchimp template look like two
# languages. A trailing brace and a leading bar could be completed by the token that stands next to the text.
_OPENING = re.compile(r"\*(?=\|)|\{(?=[{%#$/]|\Z)|<(?=%)|\A(?=\|)")


def inert(text: str) -> str:
    """Part every opening mark with a blank; ordinary text comes back as it is."""
    return _OPENING.sub(r"\g<0> ", text)
