"""Every code that sealing raises has words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hrhub.crypto
from hrhub.errors import HrHubError
from hrhub.messages import LANGUAGES, PARTS, catalogue

_AREAS = r'"((?:keys|seal|index|audit|landing)\.[a-z_]+)"'
_NOT_CODES = {"landing.page"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    sources = Path(hrhub.crypto.__file__).parent.glob("*.py")
    codes = {c for source in sources for c in re.findall(_AREAS, source.read_text("utf-8"))}
    codes |= {"keys.disabled", "keys.destroyed"}

    assert len(codes) > 20
    for code in codes - _NOT_CODES:
        assert set(PARTS) <= set(catalogue(language).get(code, ())), code


def test_every_error_of_sealing_has_a_code_of_its_own() -> None:
    kinds = [k for k in vars(hrhub.crypto).values() if isinstance(k, type)]
    errors = [k for k in kinds if issubclass(k, HrHubError)]

    assert len({k.default_code for k in errors}) == len(errors) == 4
    assert HrHubError.default_code not in {k.default_code for k in errors}
