"""Short forms in which entities declare their fields: one function per kind of value.

References are open columns: a row id tells nothing without the rows it joins, and those are sealed.
"""

from __future__ import annotations

from hrhub.model.types import Field, Kind, Privacy

OPEN, PERSONAL, SENSITIVE = Privacy.OPEN, Privacy.PERSONAL, Privacy.SENSITIVE


def text(
    name: str,
    privacy: Privacy,
    *,
    required: bool = False,
    check: str | None = None,
    index: str | None = None,
    doc: str = "",
) -> Field:
    """Declare a text."""
    return Field(name=name, privacy=privacy, required=required, check=check, index=index, doc=doc)


def code(
    name: str, privacy: Privacy, codes: tuple[str, ...], *, required: bool = False, doc: str = ""
) -> Field:
    """Declare a word of a closed set."""
    return Field(
        name=name, kind=Kind.CODE, privacy=privacy, codes=codes, required=required, doc=doc
    )


def day(
    name: str,
    privacy: Privacy,
    *,
    required: bool = False,
    check: str | None = None,
    doc: str = "",
) -> Field:
    """Declare a calendar day."""
    return Field(
        name=name, kind=Kind.DATE, privacy=privacy, required=required, check=check, doc=doc
    )


def moment(name: str, privacy: Privacy, *, required: bool = False, doc: str = "") -> Field:
    """Declare a moment, kept in UTC."""
    return Field(name=name, kind=Kind.TIMESTAMP, privacy=privacy, required=required, doc=doc)


def decimal(name: str, privacy: Privacy, *, doc: str = "") -> Field:
    """Declare an exact number."""
    return Field(name=name, kind=Kind.DECIMAL, privacy=privacy, doc=doc)


def integer(name: str, privacy: Privacy, *, doc: str = "") -> Field:
    """Declare a whole number."""
    return Field(name=name, kind=Kind.INTEGER, privacy=privacy, doc=doc)


def flag(name: str, privacy: Privacy, *, doc: str = "") -> Field:
    """Declare a yes or no."""
    return Field(name=name, kind=Kind.BOOLEAN, privacy=privacy, doc=doc)


def data(name: str, privacy: Privacy, *, doc: str) -> Field:
    """Declare a JSON value; the note says what it holds."""
    return Field(name=name, kind=Kind.JSON, privacy=privacy, doc=doc)


def ref(name: str, entity: str, *, required: bool = False, doc: str = "") -> Field:
    """Declare a reference to a row, or to a series of an entity with history."""
    return Field(name=name, kind=Kind.REF, ref=entity, privacy=OPEN, required=required, doc=doc)


def file(name: str, privacy: Privacy, *, doc: str = "") -> tuple[Field, Field]:
    """Declare a file: the name of its encrypted object, and the hash of what it holds."""
    return (
        text(f"{name}_file", privacy, doc=doc or "name of the encrypted object"),
        text(f"{name}_sha256", privacy, doc="hash of the file before encryption, hexadecimal"),
    )
