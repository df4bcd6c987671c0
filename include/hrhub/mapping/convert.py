"""Conversions that generated mapping code calls for values that are not plainly right.

Every function takes what a decoder may produce (text, numbers, booleans, None, lists, dicts) and
returns a canonical value, None for a null, or raises :class:`Reject`. Blank text is a null: no
field of the model has a use for an empty text, and vendors send one for "nothing". No exception
here carries a value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, NoReturn

TEXT_LIMIT_BYTES = 64 * 1024
KEY_LIMIT_CHARS = 512
ITEM_LIMIT = 1000
"""Items of one list inside a record; a longer list is a defect of the source, not a person."""

_SURELY_SHORT = TEXT_LIMIT_BYTES // 4
_DIGITS_LIMIT = 18
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_EXACT = Context(prec=60)
_TEN_PLACES = Decimal("1E-10")
_TOP = 10**_DIGITS_LIMIT
_TRUE = frozenset({"true", "1", "yes", "y", "t", "是"})
_FALSE = frozenset({"false", "0", "no", "n", "f", "否"})


class Absent:
    """Type of :data:`ABSENT`, what a path gives when the record does not have it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class Reject(Exception):
    """One record cannot be mapped.

    Args:
        reason: One of :data:`hrhub.errors.REJECT_REASONS`.
        rule: What was violated, in dotted words, for example ``date.calendar``.
        at: Number of the field in generated code, when it is not the one being mapped.
    """

    __slots__ = ("at", "reason", "rule")

    def __init__(self, reason: str, rule: str, at: int | None = None) -> None:
        self.reason = reason
        self.rule = rule
        self.at = at
        super().__init__(reason, rule)


def sound(text: str) -> bool:
    """Tell whether a text is surely short enough and has no NUL and no lone surrogate."""
    if len(text) > _SURELY_SHORT or "\0" in text:
        return False
    return text.isascii() or _encodes(text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_text(text: str, at: int | None = None) -> None:
    """Refuse a text that no store can hold.

    Raises:
        Reject: ``too_large`` above 64 KiB in UTF-8, ``nul_or_surrogate``.
    """
    if sound(text):
        return
    if len(text) > TEXT_LIMIT_BYTES:
        raise Reject("too_large", "text.size", at)
    if "\0" in text or not _encodes(text):
        raise Reject("nul_or_surrogate", "text.characters", at)
    if len(text.encode()) > TEXT_LIMIT_BYTES:
        raise Reject("too_large", "text.size", at)


def check_texts(values: Mapping[str, object], numbers: Mapping[str, int]) -> None:
    """Find the text among mapped values that no store can hold, if there is one.

    Args:
        values: Mapped values by field.
        numbers: The fields' numbers in generated code.
    """
    for name, value in values.items():
        if isinstance(value, str):
            check_text(value, numbers[name])


def refuse(value: object, reason: str, rule: str) -> NoReturn:
    """Raise a reject; a text that no store can hold is refused for that instead."""
    if isinstance(value, str):
        check_text(value)
    raise Reject(reason, rule)


def step(value: object) -> Any:
    """Follow a path beyond something that is not a container: absent and null stay what they are.

    Raises:
        Reject: There is a value, but nothing can be inside it.
    """
    if value is ABSENT:
        return ABSENT
    if value is None or value == "":
        return None
    return refuse(value, "type", "path")


def items(value: object) -> list[Any]:
    """Return the items of a list inside a record; a single object counts as a list of one."""
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        refuse(value, "type", "list")
    if len(value) > ITEM_LIMIT:
        raise Reject("too_large", "list.items")
    return value


def text(value: object) -> str | None:
    """Return a value as text: numbers in plain notation, blank as None."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        raise Reject("type", "text")
    if isinstance(value, int):
        if value.bit_length() > 256:
            raise Reject("too_large", "text.size")
        return str(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return format(_sane(value), "f")
    raise Reject("type", "text")


def code_text(value: object) -> str | None:
    """Return a value as the text that ``codes`` and ``where`` compare with."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def key_text(value: object) -> str:
    """Return one part of a record's key.

    Raises:
        Reject: ``required`` when it is absent, null or blank; ``encoding`` with control characters.
    """
    known = None if value is ABSENT else text(value)
    if known is None:
        raise Reject("required", "key")
    if len(known) > KEY_LIMIT_CHARS:
        raise Reject("too_large", "key.size")
    if not known.isprintable():
        check_text(known)
        if any(unicodedata.category(c) == "Cc" for c in known):
            raise Reject("encoding", "key.characters")
    return known


def number(value: object) -> Decimal | None:
    """Return a value as an exact number.

    Raises:
        Reject: ``type`` when it is none, ``range`` beyond 18 digits before or 30 after the point.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise Reject("type", "number")
    if isinstance(value, int):
        if not -_TOP < value < _TOP:
            raise Reject("range", "number.size")
        return Decimal(value)
    if isinstance(value, Decimal):
        return _sane(value)
    if isinstance(value, float):
        return _sane(Decimal(repr(value)))
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped:
            return None
        if len(stripped) > 64 or not _NUMBER.fullmatch(stripped):
            refuse(value, "type", "number")
        return _sane(Decimal(stripped))
    raise Reject("type", "number")


def _sane(value: Decimal) -> Decimal:
    """Refuse what is not a number of everyday size, before anything expands its exponent."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str):
        raise Reject("type", "number")
    if exponent < -30 or (value and value.adjusted() >= _DIGITS_LIMIT) or exponent > _DIGITS_LIMIT:
        raise Reject("range", "number.size")
    return value


def scaled(value: object, ratio: tuple[int, int]) -> Decimal | None:
    """Return a number times a ratio of two integers; a quotient has ten places at most."""
    known = number(value)
    if known is None:
        return None
    product = _EXACT.multiply(known, ratio[0])
    if ratio[1] == 1:
        return _sane(product)
    quotient = _EXACT.divide(product, ratio[1])
    rounded = quotient.quantize(_TEN_PLACES, ROUND_HALF_UP, _EXACT)
    return _sane(quotient if quotient == rounded else rounded)


def integer(value: object) -> int | None:
    """Return a value as an integer; ``8.0`` is one, ``8.5`` is not."""
    if type(value) is int and -_TOP < value < _TOP:
        return value
    known = number(value)
    if known is None:
        return None
    whole = int(known)
    if whole != known:
        raise Reject("type", "integer")
    return whole


def scaled_integer(value: object, ratio: tuple[int, int]) -> int | None:
    """Return a number in another unit, rounded half up."""
    known = scaled(value, ratio)
    return None if known is None else int(known.to_integral_value(ROUND_HALF_UP, _EXACT))


def decimal(value: object) -> Decimal | None:
    """Return a value as a decimal, digits as given."""
    return number(value)


def boolean(value: object) -> bool | None:
    """Return a value as a boolean: true/false, 1/0, yes/no, y/n, t/f, 是/否."""
    if value is None or value is True or value is False:
        return value
    known = text(value)
    word = known.strip().lower() if known else ""
    if not word:
        return None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    return refuse(value, "type", "boolean")


def json_value(value: object, depth: int = 0) -> object:
    """Return a JSON value as it is, once every text in it can be stored."""
    if depth > 16:
        raise Reject("too_large", "json.depth")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(str(name))
            json_value(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            json_value(inner, depth + 1)
    return value


class Fixed(str):
    """A constant part of a joined text: it alone says nothing."""

    __slots__ = ()


def concat(parts: Iterable[object], between: str) -> Any:
    """Join what is there: absent if every part is, null if those that are there are null."""
    result: Any = ABSENT
    told: list[str] = []
    for part in parts:
        if part.__class__ is Fixed:
            told.append(part)
        elif part is not ABSENT:
            known = part if part.__class__ is str else text(part)
            if known:
                told.append(known)
                result = told
            elif result is ABSENT:
                result = None
    return between.join(told) if result is told else result


def first(parts: Iterable[object]) -> Any:
    """Return the first part that says something; null if some are null, absent if all are."""
    result: Any = ABSENT
    for part in parts:
        if part is None or part == "":
            result = None
        elif part is not ABSENT:
            return part
    return result


def split(value: object, by: str, part: int) -> Any:
    """Return one piece of a text, trimmed; null when the text has no such piece."""
    if value is ABSENT:
        return ABSENT
    known = text(value)
    if known is None:
        return None
    check_text(known)
    pieces = known.split(by)
    return pieces[part].strip() if -len(pieces) <= part < len(pieces) else None


class CodeTable:
    """Translation of a vendor's codes; called for values that the table does not hold as they are.

    Args:
        table: Vendor code -> canonical value.
        default: What an unknown code becomes; :data:`ABSENT` refuses it.
    """

    __slots__ = ("_default", "_table")

    def __init__(self, table: Mapping[str, object], default: object = ABSENT) -> None:
        self._table = dict(table)
        self._default = default

    def __call__(self, value: object) -> object:
        """Translate a code, trimmed if need be; blank is null unless the table says otherwise."""
        if isinstance(value, (dict, list)):
            raise Reject("type", "codes")
        known = code_text(value)
        if known is None:
            return self._table.get("")
        for spelling in (known, known.strip()):
            if spelling in self._table:
                return self._table[spelling]
        if not known.strip():
            return None
        if self._default is ABSENT:
            refuse(known, "enum", "codes")
        return self._default


def condition(
    values: Collection[str], *, null: bool = False, negated: bool = False
) -> Callable[[object], bool]:
    """Return the test of one ``where`` entry; absent, null and blank are one and the same there."""
    wanted = frozenset(values)

    def holds(value: object) -> bool:
        if value.__class__ is str:
            known = value
        elif value is None or value is ABSENT:
            return null is not negated
        elif isinstance(value, (dict, list)):
            raise Reject("type", "where")
        else:
            known = code_text(value) or ""
        if known in wanted:
            return not negated
        known = known.strip()
        return (known in wanted if known else null) is not negated

    return holds
