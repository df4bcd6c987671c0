"""From a marked tree to a checked plan; every problem of a file is found in one go."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path as File

from hrhub.errors import REJECT_REASONS
from hrhub.mapping.clean import TEXT_CLEANERS
from hrhub.mapping.convert import Reject, boolean, decimal, integer
from hrhub.mapping.dates import DEFAULT_FORMATS, DateReader, parser, zone_of
from hrhub.mapping.plan import (
    LANGUAGE,
    UNITS,
    Block,
    Case,
    Codes,
    Concat,
    Condition,
    Const,
    First,
    Mapping,
    Part,
    Path,
    Rule,
    Source,
    Split,
)
from hrhub.mapping.shapes import ShapeReader, Wrong, hint
from hrhub.mapping.tree import Listing, Node, Scalar, Table, plain, spelled
from hrhub.model import (
    FEEDS,
    NO_CUSTOM_FIELDS,
    CustomFields,
    Feed,
    FeedField,
    Kind,
    modules_of,
)
from hrhub.model.custom import PREFIX

TOP_KEYS = ("stream", "to", "key", "version", "fields", "each", "cases")
SOURCE_KEYS = ("from", "const", "concat", "first", "split")
RULE_KEYS = (
    *SOURCE_KEYS,
    "with",
    "empty",
    "codes",
    "else",
    "as",
    "formats",
    "zone",
    "unit",
    "clean",
)
BLOCK_KEYS = ("from", "where", "fields")
CASE_KEYS = ("name", "in", "out", "rejects", "key", "today")
SPLIT_KEYS = ("from", "by", "part")

_TEXTS = (Kind.TEXT, Kind.CODE, Kind.REF)
_DATES = (Kind.DATE, Kind.TIMESTAMP)
_NUMBERS = (Kind.DECIMAL, Kind.INTEGER)


class Checker(ShapeReader):
    """Read one mapping's tree; ``problems`` fills up on the way."""

    def __init__(
        self,
        path: File,
        modules: Collection[str] = (),
        custom: CustomFields = NO_CUSTOM_FIELDS,
    ) -> None:
        super().__init__()
        self.file = path
        self.modules = modules
        self.custom = custom

    def mapping(self, root: Node) -> Mapping | None:
        """Return the plan, or None when there are problems."""
        try:
            top = self.table(root, "a mapping", TOP_KEYS, ("stream", "to", "key", "fields"))
            feed = self._feed(top.entries["to"])
        except Wrong:
            return None
        stream = self._stream(top.entries["stream"])
        key = self._key(top.entries["key"])
        rules = self._rules(feed, top, version=top.entries.get("version"))
        blocks = self._blocks(feed, top.entries.get("each"))
        cases = self._cases(feed, top.entries.get("cases"), blocks)
        if self.problems:
            return None
        version = _version(top, _custom_of(rules, blocks))
        return Mapping(stream, feed, key, rules, blocks, cases, version, self.file)

    # The head of the file

    def _feed(self, node: Node) -> Feed:
        feed = FEEDS[self.choice(node, "feed", FEEDS)]
        for module in modules_of(feed):
            if module not in self.modules:
                switch = ",".join(sorted({*self.modules, module}))
                raise self.fail(
                    node,
                    f'feed "{feed.name}" belongs to the module "{module}", which is off; '
                    f"set HRHUB_MODULES={switch} to switch it on",
                )
        return self.custom.extend(feed)

    def _stream(self, node: Node) -> str:
        try:
            text = self.text(node, "stream")
            connector, dot, stream = text.partition(".")
            if not dot or not connector.isidentifier() or not stream.isidentifier():
                self.note(node, f'stream must read "connector.stream", not "{text}"')
        except Wrong:
            return ""
        return text

    def _key(self, node: Node) -> tuple[Path, ...]:
        try:
            if not isinstance(node, Listing):
                return (self.path(node),)
            if not node.items:
                self.note(node, "a key needs at least one path")
            return tuple(self.path(item) for item in node.items)
        except Wrong:
            return ()

    # Rules

    def _rules(
        self, feed: Feed, owner: Table, *, version: Node | None = None, child: bool = False
    ) -> tuple[Rule, ...]:
        try:
            table = self.table(owner.entries["fields"], "fields")
        except Wrong:
            return ()
        what = f"child {feed.name}" if child else f"feed {feed.name}"
        found: list[Rule] = []
        for name, value in table.entries.items():
            if name not in feed.by_name:
                known = [*feed.by_name, *feed.children]
                message = f'unknown field "{name}" in {what}' + hint(name, known)
                if name in feed.children:
                    message = f'"{name}" is a list of {what}: it belongs under "each"'
                elif name.startswith(PREFIX):
                    message = f'no custom field "{name}" is registered for {what}' + hint(
                        name, [known for known in feed.by_name if known.startswith(PREFIX)]
                    )
                    message += '; declare it in custom_fields.yaml, then "hrhub fields register"'
                self.note(table.keys[name], message)
                continue
            self._rule_into(found, feed.by_name[name], value)
        if version is not None:
            if "modified_at" not in feed.by_name:
                self.note(version, f'{what} has no "modified_at" for "version" to fill')
            elif "modified_at" in table.entries:
                self.note(version, '"version" and the field "modified_at" are the same; give one')
            else:
                self._rule_into(found, feed.by_name["modified_at"], version)
        for target in feed.fields:
            if target.field.required and target.name not in table.entries:
                self.note(owner.keys["fields"], f'{what} requires the field "{target.name}"')
        if feed.one_of and not any(name in table.entries for name in feed.one_of):
            names = " or ".join(f'"{name}"' for name in feed.one_of)
            self.note(owner.keys["fields"], f"{what} requires one of the fields {names}")
        return tuple(found)

    def _rule_into(self, found: list[Rule], target: FeedField, node: Node) -> None:
        try:
            found.append(self._rule(target, node))
        except Wrong:
            return

    def _rule(self, target: FeedField, node: Node) -> Rule:
        if isinstance(node, Scalar):
            return Rule(
                target=target,
                source=self.path(node),
                line=node.mark.line,
                formats=DEFAULT_FORMATS if target.field.kind in _DATES else (),
            )
        table = self.table(node, f'the rule of "{target.name}"', RULE_KEYS)
        get = table.entries.get
        source = self._source(target, table)
        kind = target.field.kind
        self._refuse_misplaced(table, target)
        codes = get("codes")
        clean = get("clean")
        return Rule(
            target=target,
            source=source,
            empty=self.texts(table.entries["empty"], "empty") if "empty" in table.entries else (),
            codes=None if codes is None else self._codes(target, codes, get("else")),
            formats=self._formats(get("formats")) if kind in _DATES else (),
            zone=self._zone(get("zone")),
            unit=self.choice(table.entries["unit"], "unit change", UNITS)
            if "unit" in table.entries
            else None,
            clean=None if clean is None else self.choice(clean, "cleaner", TEXT_CLEANERS),
            line=table.mark.line,
        )

    def _refuse_misplaced(self, table: Table, target: FeedField) -> None:
        """Note keys that mean nothing for the target's kind or for the rule's other keys."""
        kind = target.field.kind
        places = {
            "formats": (kind in _DATES, "dates and timestamps"),
            "zone": (kind in _DATES, "dates and timestamps"),
            "unit": (kind in _NUMBERS, "numbers"),
            "clean": (kind in _TEXTS, "texts"),
            "else": ("codes" in table.entries, 'rules with "codes"'),
            "with": ("concat" in table.entries, 'rules with "concat"'),
        }
        for name, (fits, where) in places.items():
            if name in table.entries and not fits:
                self.note(table.keys[name], f'"{name}" is for {where}; "{target.name}" is {kind}')
        if "as" in table.entries:
            wanted = self.choice(table.entries["as"], "type", [k.value for k in Kind])
            same = {Kind(wanted), kind} <= set(_TEXTS) or wanted == kind
            if not same:
                self.note(
                    table.entries["as"],
                    f'"{target.name}" is {kind} in the model, not {wanted}; write "as: {kind}" '
                    "or leave it out",
                )
        if "const" in table.entries:
            for name in table.entries:
                if name not in ("const", "as"):
                    self.note(table.keys[name], f'"{name}" means nothing for a constant')
        if "codes" in table.entries:
            if target.field.check:
                self.note(
                    table.keys["codes"],
                    f'"{target.name}" is checked per person; codes make no sense',
                )
            for name in ("formats", "zone", "unit", "clean"):
                if name in table.entries:
                    self.note(table.keys[name], f'"{name}" means nothing after "codes"')

    def _source(self, target: FeedField, table: Table) -> Source:
        given = [name for name in SOURCE_KEYS if name in table.entries]
        if len(given) != 1:
            raise self.fail(
                table, f'the rule of "{target.name}" needs exactly one of ' + ", ".join(SOURCE_KEYS)
            )
        node = table.entries[given[0]]
        match given[0]:
            case "from":
                return self.path(node)
            case "const":
                if target.field.check:
                    raise self.fail(
                        node, f'"{target.name}" is checked per person; a constant makes no sense'
                    )
                return Const(self._literal(target, node))
            case "split":
                inner = self.table(node, "split", SPLIT_KEYS, SPLIT_KEYS)
                part = inner.entries["part"]
                if not isinstance(part, Scalar) or type(part.value) is not int:
                    raise self.fail(part, "part must be a whole number; the first piece is 0")
                return Split(
                    self.path(inner.entries["from"]),
                    self.text(inner.entries["by"], "by"),
                    part.value,
                )
            case name:
                if not isinstance(node, Listing) or not node.items:
                    raise self.fail(node, f"{name} must be a list of paths")
                parts = tuple(self._part(item) for item in node.items)
                if name == "first":
                    return First(parts)
                between = table.entries.get("with")
                if between is not None and not isinstance(between, Scalar):
                    raise self.fail(between, "with must be a text")
                return Concat(parts, between.text if between else "")

    def _part(self, node: Node) -> Part:
        if isinstance(node, Scalar):
            return self.path(node)
        inner = self.table(node, "a part", ("const",), ("const",))
        value = inner.entries["const"]
        if not isinstance(value, Scalar):
            raise self.fail(value, "a constant part must be a text")
        return Const(value.text)

    def _literal(self, target: FeedField, node: Node) -> object:
        """Return a value written in the mapping as the canonical value it stands for."""
        if not isinstance(node, Scalar):
            raise self.fail(node, f'a value of "{target.name}" must be a single value')
        field = target.field
        if node.value is None:
            return None
        if field.codes and node.text not in field.codes:
            raise self.fail(
                node, f'"{target.name}" has no code "{node.text}"' + hint(node.text, field.codes)
            )
        try:
            match field.kind:
                case Kind.DATE:
                    return DateReader().date(node.text)
                case Kind.TIMESTAMP:
                    return DateReader().timestamp(node.text)
                case Kind.DECIMAL:
                    return decimal(node.text)
                case Kind.INTEGER:
                    return integer(node.text)
                case Kind.BOOLEAN:
                    return boolean(node.text)
                case Kind.JSON:
                    return node.value
                case _:
                    return node.text
        except Reject:
            raise self.fail(node, f'"{node.text}" is no {field.kind} for "{target.name}"') from None

    def _codes(self, target: FeedField, node: Node, otherwise: Node | None) -> Codes:
        table = self.table(node, "codes")
        if not table.entries:
            self.note(node, "codes needs at least one code")
        known: dict[str, object] = {}
        for code, value in table.entries.items():
            try:
                known[code] = self._literal(target, value)
            except Wrong:
                continue
        if otherwise is None:
            return Codes(known)
        if isinstance(otherwise, Scalar) and otherwise.text == "reject":
            return Codes(known)
        return Codes(known, rejects=False, default=self._literal(target, otherwise))

    def _formats(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return DEFAULT_FORMATS
        written = self.texts(node, "a format")
        places = node.items if isinstance(node, Listing) else (node,)
        for text, place in zip(written, places, strict=True):
            try:
                parser(text)
            except ValueError as error:
                self.note(place, f'"{text}" is not a date format: {error}')
        if not written:
            self.note(node, "formats needs at least one format")
        return written

    def _zone(self, node: Node | None) -> str | Path | None:
        if node is None:
            return None
        if isinstance(node, Table):
            return self.path(self.table(node, "zone", ("from",), ("from",)).entries["from"])
        text = self.text(node, "zone")
        try:
            zone_of(text)
        except ValueError:
            raise self.fail(
                node,
                f'unknown zone "{text}"; write an IANA name such as '
                'Asia/Shanghai, or an offset such as "+08:00"',
            ) from None
        return text

    # Children

    def _blocks(self, feed: Feed, node: Node | None) -> tuple[Block, ...]:
        if node is None:
            return ()
        try:
            table = self.table(node, "each")
        except Wrong:
            return ()
        found: list[Block] = []
        for name, value in table.entries.items():
            if name not in feed.children:
                self.note(
                    table.keys[name],
                    f'feed {feed.name} has no list "{name}"' + hint(name, list(feed.children)),
                )
                continue
            for block in value.items if isinstance(value, Listing) else (value,):
                try:
                    found.append(self._block(feed.children[name], block))
                except Wrong:
                    continue
        return tuple(found)

    def _block(self, child: Feed, node: Node) -> Block:
        table = self.table(node, f'a block of "{child.name}"', BLOCK_KEYS, ("fields",))
        source = table.entries.get("from")
        where: list[Condition] = []
        if "where" in table.entries:
            for name, wanted in self.table(table.entries["where"], "where").entries.items():
                where.append(self._condition(table.entries["where"], name, wanted))
        return Block(
            child,
            None if source is None else self.path(source),
            tuple(where),
            self._rules(child, table, child=True),
        )

    def _condition(self, where: Node, name: str, wanted: Node) -> Condition:
        assert isinstance(where, Table)
        path = self.path(where.keys[name])
        negated = isinstance(wanted, Table)
        if negated:
            wanted = self.table(wanted, "a condition", ("not",), ("not",)).entries["not"]
        nodes = wanted.items if isinstance(wanted, Listing) else (wanted,)
        if not nodes:
            self.note(wanted, "a condition needs at least one value")
        null = any(isinstance(n, Scalar) and n.value is None for n in nodes)
        values = tuple(
            self.text(n, "a wanted value")
            for n in nodes
            if not (isinstance(n, Scalar) and n.value is None)
        )
        return Condition(path, values, null, negated)

    # Golden cases

    def _cases(self, feed: Feed, node: Node | None, blocks: Sequence[Block]) -> tuple[Case, ...]:
        if node is None:
            return ()
        if not isinstance(node, Listing):
            self.note(node, "cases must be a list")
            return ()
        found: list[Case] = []
        for number, item in enumerate(node.items, 1):
            try:
                found.append(self._case(feed, number, item))
            except Wrong:
                continue
        return tuple(found)

    def _case(self, feed: Feed, number: int, node: Node) -> Case:
        table = self.table(node, "a case", CASE_KEYS, ("in",))
        get = table.entries.get
        given = self.table(table.entries["in"], 'the "in" of a case')
        out, rejects = get("out"), get("rejects")
        if (out is None) is (rejects is None):
            raise self.fail(table, 'a case needs either "out" or "rejects"')
        expected = None
        if out is not None:
            shape = self.table(out, 'the "out" of a case', [*feed.by_name, *feed.children])
            expected = plain(shape)
            for name, value in shape.entries.items():
                if name in feed.children and not isinstance(value, Listing):
                    self.note(value, f'"{name}" must be a list')
        verdict = None
        if rejects is not None:
            wrong = self.table(rejects, "rejects", ("reason", "field", "rule"), ("reason",))
            verdict = {name: self.text(value, name) for name, value in wrong.entries.items()}
            self.choice(wrong.entries["reason"], "reason", REJECT_REASONS)
        title, key, today = (get(k) for k in ("name", "key", "today"))
        return Case(
            name=self.text(title, "name") if title else f"case {number}",
            line=table.mark.line,
            given=plain(given),
            expected=expected,
            rejects=verdict,
            key=self.texts(key, "key") if key else None,
            today=self._day(today) if today else None,
        )

    def _day(self, node: Node) -> date:
        try:
            return date.fromisoformat(self.text(node, "today"))
        except ValueError:
            raise self.fail(node, "today must be a day such as 2026-01-31") from None


def _custom_of(rules: Sequence[Rule], blocks: Sequence[Block]) -> list[tuple[str, ...]]:
    """Return what decides how the custom fields of a mapping are read; the file does not say it."""
    targets = [rule.target for rule in (*rules, *(r for b in blocks for r in b.rules))]
    return sorted(
        (t.target, t.field.kind.value, *t.field.codes)
        for t in targets
        if t.target is not None and t.name.startswith(PREFIX)
    )


def _version(top: Table, custom: Sequence[tuple[str, ...]]) -> str:
    """Return the digest of what decides how records are mapped."""
    content = {name: spelled(node) for name, node in top.entries.items() if name != "cases"}
    told = [LANGUAGE, content, *([custom] if custom else ())]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
