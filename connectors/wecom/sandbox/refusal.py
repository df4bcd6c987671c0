"""How the simulated enterprise says no."""

from __future__ import annotations


class Refusal(Exception):
    """A call that is refused with a code, in an answer with status 200."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
