"""Every error has words, in both languages, and they fit its context."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hrhub import errors
from hrhub.errors import AuthError, HrHubError, RowRejected
from hrhub.messages import LANGUAGES, PARTS, catalogue, explain, render

ROOT = Path(__file__).parents[2]
_ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, HrHubError)
}


def _raised_codes() -> set[str]:
    """Return the codes named where errors are made in the library."""
    found: set[str] = set()
    for path in (ROOT / "include" / "hrhub").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if name in _ERRORS - {"RowRejected"} and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


def test_every_code_that_is_raised_has_words() -> None:
    assert _raised_codes() - set(catalogue("en")) == set()


def test_every_default_code_and_reject_reason_has_words() -> None:
    defaults = {getattr(errors, name).default_code for name in _ERRORS}
    reasons = {f"record.{reason}" for reason in errors.REJECT_REASONS}

    assert (defaults | reasons) - set(catalogue("en")) == set()


def test_both_languages_have_the_same_codes_parts_and_placeholders() -> None:
    english, chinese = (catalogue(language) for language in LANGUAGES)

    assert english.keys() == chinese.keys()
    for code, parts in english.items():
        assert set(parts) == set(chinese[code]) == set(PARTS), code
        names = [set(re.findall(r"{(\w+)}", str(dict(c[code])))) for c in (english, chinese)]
        assert names[0] == names[1], code


def test_no_text_is_empty_and_every_sentence_ends() -> None:
    for language in LANGUAGES:
        for code, parts in catalogue(language).items():
            for text in parts.values():
                assert text.strip() and text.rstrip()[-1] in ".。`}", (language, code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_has_four_parts(language: str) -> None:
    message = explain(AuthError(vendor="Vendor", connection="main"), language)

    assert len(message.lines()) == 4
    assert "Vendor" in message.what
    assert message.lines()[3][1] == "auth.refused"


def test_an_unknown_code_still_tells_what_to_do() -> None:
    message = render("nobody.wrote_this", {}, "en")

    assert message.code == "nobody.wrote_this"
    assert message.do


def test_words_of_a_connector_come_first() -> None:
    words = {"en": {"auth.refused": {"what": "Own {vendor}.", "who": "x.", "do": "y."}}}

    assert render("auth.refused", {"vendor": "V"}, "en", words).what == "Own V."


def test_an_error_survives_the_way_between_processes() -> None:
    import pickle

    for error in (
        AuthError(connection="main"),
        RowRejected("range", "idCard", "checksum"),
        errors.Throttled(retry_after_s=30, vendor="V"),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.code, again.retry_after_s) == (
            type(error),
            error.code,
            error.retry_after_s,
        )
        assert str(again) == str(error)
