"""Read ``custom_fields.yaml``: the custom fields that an installation wants, checked like mappings.

::

    employee:
      badge_no: {type: text, class: personal, title: {en: Badge number, zh: 工牌号}}
      shirt_size: {type: code, codes: [s, m, l], class: open}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hrhub.errors import MappingError
from hrhub.mapping.shapes import Problem, ShapeReader, Wrong, hint
from hrhub.mapping.tree import Listing, Mark, Node, Scalar, Table, TreeError, parse
from hrhub.model import CustomField, CustomFields, Kind, Privacy
from hrhub.model.custom import KINDS, clash, classes_of, extensible

CUSTOM_FILE = "custom_fields.yaml"
FIELD_KEYS = ("type", "class", "title", "codes")
LANGUAGES = ("en", "zh")
MOST_FIELDS = 200
"""Custom fields of one entity; more is a second system."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Declared:
    """One custom field as the file declares it, and where its parts stand."""

    field: CustomField
    mark: Mark
    kind_mark: Mark
    class_mark: Mark
    codes_mark: Mark


def read_custom_fields(folder: Path) -> list[Declared]:
    """Return what ``custom_fields.yaml`` declares, in its order; nothing without the file.

    Raises:
        MappingError: ``fields.invalid``; the problems name line and column and suggest.
    """
    path = folder / CUSTOM_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise invalid(path, [Problem(1, 1, "not UTF-8")]) from None
    reader = _Reader()
    try:
        reader.file(parse(text))
    except TreeError as error:
        reader.note(error.mark, error.message)
    except Wrong:
        pass  # the reader has noted it
    if reader.problems:
        raise invalid(path, reader.problems)
    return reader.found


def custom_fields(folder: Path) -> CustomFields:
    """Return the custom fields that ``custom_fields.yaml`` declares.

    Raises:
        MappingError: As :func:`read_custom_fields`.
    """
    return CustomFields(declared.field for declared in read_custom_fields(folder))


def invalid(path: Path, problems: Iterable[Problem]) -> MappingError:
    """Return the error that lists problems of the file."""
    lines = [f"{path.name}:{p.line}:{p.column}: {p.message}" for p in sorted(problems)]
    return MappingError("fields.invalid", path=path.name, problems=lines)


class _Reader(ShapeReader):
    """Reads the file's tree; ``found`` fills up on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Declared] = []

    def file(self, root: Node) -> None:
        """Read everything."""
        known = extensible()
        for entity, node in self.table(root, "the file").entries.items():
            assert isinstance(root, Table)
            if entity not in known:
                message = f'no mapping fills an entity "{entity}"' + hint(entity, known)
                self.note(root.keys[entity], message)
                continue
            try:
                fields = self.table(node, f'the fields of "{entity}"')
            except Wrong:
                continue
            if len(fields.entries) > MOST_FIELDS:
                self.note(node, f'"{entity}" has more than {MOST_FIELDS} custom fields')
            for name, declared in fields.entries.items():
                try:
                    self._field(entity, name, fields.keys[name], declared)
                except Wrong:
                    continue
        self._refuse_shared_names()

    def _field(self, entity: str, name: str, key: Scalar, node: Node) -> None:
        if not _NAME.fullmatch(name):
            raise self.fail(
                key, f'"{name}" is no name; use small letters, digits and _, at most 40 of them'
            )
        table = self.table(node, f'the field "{name}"', FIELD_KEYS, ("type",))
        get = table.entries.get
        kind = Kind(self.choice(table.entries["type"], "type", [k.value for k in KINDS]))
        privacy = self._class(entity, name, table)
        codes = self._codes(name, kind, table)
        title = get("title")
        self.found.append(
            Declared(
                CustomField(
                    entity=entity,
                    name=name,
                    kind=kind,
                    privacy=privacy,
                    codes=codes,
                    title=self._title(title) if title is not None else {},
                ),
                key.mark,
                table.entries["type"].mark,
                (get("class") or key).mark,
                (get("codes") or key).mark,
            )
        )

    def _class(self, entity: str, name: str, table: Table) -> Privacy:
        node = table.entries.get("class")
        told = Privacy.SENSITIVE
        if node is not None:
            told = Privacy(self.choice(node, "class", [p.value for p in Privacy]))
        if told not in classes_of(entity):
            raise self.fail(
                node or table.mark,
                f'rows of "{entity}" are not sealed, so "{name}" can only be open; write '
                '"class: open", or register it for "employee" or "person"',
            )
        return told

    def _codes(self, name: str, kind: Kind, table: Table) -> tuple[str, ...]:
        node = table.entries.get("codes")
        if kind is not Kind.CODE:
            if node is not None:
                self.note(table.keys["codes"], f'"codes" is for the type code; "{name}" is {kind}')
            return ()
        if not isinstance(node, Listing) or not node.items:
            raise self.fail(node or table.mark, f'"{name}" is a code and needs a list of "codes"')
        codes = self.texts(node, "a code")
        if len(set(codes)) < len(codes):
            self.note(node, f'a code of "{name}" stands there twice')
        return codes

    def _title(self, node: Node) -> Mapping[str, str]:
        if isinstance(node, Scalar):
            return {"en": self.text(node, "a title")}
        table = self.table(node, "a title", LANGUAGES)
        return {language: self.text(text, "a title") for language, text in table.entries.items()}

    def _refuse_shared_names(self) -> None:
        """A mapping says ``ext.name`` only: no feed may fill two entities that know the name."""
        for number, one in enumerate(self.found):
            for other in self.found[:number]:
                if feed := clash(one.field, other.field):
                    self.note(
                        one.mark,
                        f'"{one.field.name}" is a field of "{other.field.entity}" too; the feed '
                        f'"{feed}" fills both; give one of them another name',
                    )
