"""Texts that must fit a platform's field."""

from __future__ import annotations


def shortened(text: str, size: int) -> str:
    """Cut `text` at the last word that lets it fit into `size` bytes of UTF-8; one long word is cut to nothing.

    What is left says less and never something else: no ellipsis is added, and no half word stays.
    """
    data = text.encode()
    if len(data) <= size:
        return text
    # One byte more than fits shows whether the last word ends at the edge.
    head = data[: size + 1].decode(errors="ignore")
    return head[: max(head.rfind(" "), 0)].rstrip(" ,;:-–—")
