"""What a person sees who opens a link to unsubscribe: plain HTML, no scripts, nothing loaded, no address."""

from __future__ import annotations

from contextmail.webhooks.http import Response

# The link is a secret of the person's: no referrer takes it elsewhere, and no search engine keeps it.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'self'">
<title>{title}</title>
<style>
body {{ font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem }}
button {{ font: inherit; padding: .75rem 1.5rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{text}
</main>
</body>
</html>
"""
_FORM = """<p>Press the button, and we stop writing to you.</p>
<form method="post">
<button name="List-Unsubscribe" value="One-Click">Unsubscribe</button>
</form>"""


def asking() -> Response:
    """Ask: programs open links too, so only the button unsubscribes."""
    return _page(200, "Unsubscribe", _FORM)


def done() -> Response:
    """Confirm what is on record."""
    return _page(200, "You are unsubscribed", "<p>It is recorded. There is nothing else to do.</p>")


def broken() -> Response:
    """Say that nothing has happened, and what to do."""
    text = "<p>You are <strong>not</strong> unsubscribed yet: the link is not complete. Copy all of it from the e-mail, or answer the e-mail.</p>"
    return _page(401, "This link does not work", text)


def later() -> Response:
    """Say that nothing has happened, and what to do."""
    text = "<p>You are <strong>not</strong> unsubscribed yet: please try again in a minute.</p>"
    return _page(503, "Please try again", text + _FORM)


def _page(status: int, title: str, text: str) -> Response:
    return Response(status, _PAGE.format(title=title, text=text).encode(), "text/html; charset=utf-8")
