"""Which conditionals of the template language enclose a place of a source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from contextmail.dialects.base import Token, TokenKind

Chain = tuple[tuple[Token, ...], ...]
"""One group per enclosing block, outermost first: its OPEN, then the BRANCH tokens passed so far."""


class Chains:
    """Answer, for any offset of a source, which blocks enclose it; unbalanced tokens are tolerated."""

    __slots__ = ("_chains", "_starts")

    def __init__(self, tokens: Sequence[Token]) -> None:
        stack: list[tuple[Token, ...]] = []
        self._starts: list[int] = [-1]
        self._chains: list[Chain] = [()]
        for token in tokens:
            if token.kind is TokenKind.OPEN:
                stack.append((token,))
            elif token.kind is TokenKind.BRANCH and stack:
                stack[-1] += (token,)
            elif token.kind is TokenKind.CLOSE and stack:
                stack.pop()
            elif token.kind in (TokenKind.VALUE, TokenKind.OTHER):
                continue
            self._starts.append(token.start)
            self._chains.append(tuple(stack))

    def at(self, offset: int) -> Chain:
        """Give the chain that encloses `offset`."""
        return self._chains[bisect_right(self._starts, offset) - 1]

    def round(self, start: int, end: int) -> Chain:
        """Give the blocks that enclose the whole of `[start, end)`."""
        first = bisect_right(self._starts, start) - 1
        common = self._chains[first]
        for chain in self._chains[first + 1 : bisect_left(self._starts, end)]:
            length = 0
            while length < min(len(common), len(chain)) and common[length] == chain[length]:
                length += 1
            common = common[:length]
        return common

    def crossed(self, start: int, end: int) -> bool:
        """Tell whether a block opens, branches or closes in `[start, end)`."""
        return bisect_left(self._starts, start) < bisect_left(self._starts, end)
