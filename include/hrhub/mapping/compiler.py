"""A checked plan becomes one Python function that maps a batch.

The source is generated line by line and stays readable (``hrhub map explain --code``). Nothing
a mapping's author wrote is ever source text: names of vendor fields, codes and formats live in a
table of constants that the function refers to by name; the canonical names that do appear as
literals are the model's own and those of registered custom fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from hrhub.mapping import convert
from hrhub.mapping.clean import birth_date_cleaner, text_cleaners
from hrhub.mapping.convert import ABSENT, CodeTable, Fixed, Reject, condition
from hrhub.mapping.dates import DateReader, zone_of
from hrhub.mapping.outcome import Mapped, Rejected
from hrhub.mapping.plan import (
    UNITS,
    Block,
    Concat,
    Condition,
    Const,
    First,
    Mapping,
    Part,
    Path,
    Rule,
    Split,
)
from hrhub.model import Feed, Kind

_STRICTER = frozenset({("cn_mobile", "mobile"), ("cn_name", "name")})
"""Pairs of cleaners of which the first says all that the second would."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_CANONICAL = re.compile(r"(ext\.)?[a-z][a-z0-9_]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


MapBatch = Callable[[Sequence[dict[str, Any]]], list[Mapped | Rejected]]


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping ready to run.

    Attributes:
        mapping: The plan it came from.
        source: The generated function, for people.
        map: Map a batch, one result per record in order; never raises for a record's content.
    """

    mapping: Mapping
    source: str
    map: MapBatch = field(repr=False)


def compile_mapping(mapping: Mapping, *, today: date, zone: str | None = None) -> CompiledMapping:
    """Generate and compile the function of one mapping.

    Args:
        mapping: The checked plan.
        today: The day that ages are counted on.
        zone: Zone of vendor times that carry none where the rule names none (the connection's).

    Raises:
        ValueError: ``zone`` is no zone.
    """
    return _Compiler(mapping, today, zone).compile()


class _Compiler:
    """Writes the function; ``names`` is what it may refer to."""

    def __init__(self, mapping: Mapping, today: date, zone: str | None) -> None:
        self.mapping = mapping
        self.zone = zone_of(zone) if zone else None
        self.cleaners = text_cleaners(today)
        self.birth_date = birth_date_cleaner(today)
        self.lines: list[str] = []
        self.depth = 3
        self.names: dict[str, Any] = {
            "A": ABSENT,
            "Mapped": Mapped,
            "Rejected": Rejected,
            "Reject": Reject,
            "text": convert.text,
            "concat": convert.concat,
            "first": convert.first,
            "split": convert.split,
            "step": convert.step,
            "items": convert.items,
            "key_text": convert.key_text,
            "sound": convert.sound,
            "refuse": convert.refuse,
            "check_texts": convert.check_texts,
            "integer": convert.integer,
            "decimal": convert.decimal,
            "boolean": convert.boolean,
            "json_value": convert.json_value,
        }
        self.notes: list[str] = []
        self.paths: list[str] = [",".join(p.text for p in mapping.key)]
        self.fields: list[str] = ["key"]
        self.known_steps: dict[tuple[str, tuple[str | int, ...]], str] = {}
        self.steps_written = 0
        self.dicts: set[str] = {"d"}
        self.block_source: Path | None = None

    def compile(self) -> CompiledMapping:
        """Return the compiled mapping."""
        m = self.mapping
        self._key()
        first = len(self.fields)
        for rule in m.rules:
            self._rule(rule, base="d", values="v", prefix="", owner=m.feed)
        self._check_texts("v", m.rules, first)
        for block in m.blocks:
            self._block(block)
        source = self._assemble()
        self.names["PATHS"] = tuple(self.paths)
        self.names["FIELDS"] = tuple(self.fields)
        exec(compile(source, f"<mapping {m.stream}>", "exec"), self.names)  # our own text
        run: MapBatch = self.names["map_batch"]
        return CompiledMapping(m, source, run)

    def _assemble(self) -> str:
        head = [
            f"# {self.mapping.stream} -> {self.mapping.feed.name}, "
            f"mapping version {self.mapping.version}",
            "# A: absent; d: the vendor's record; v: values; c: child lists; f: field at work",
            *self.notes,
            "def map_batch(docs):",
            "    out = []",
            "    add = out.append",
            "    for d in docs:",
            "        key = None",
            "        f = 0",
            "        try:",
            "            if d.__class__ is not dict:",
            '                refuse(d, "type", "record")',
        ]
        tail = [
            "            add(Mapped(key, v, c))",
            "        except Reject as e:",
            "            if e.at is not None:",
            "                f = e.at",
            "            add(Rejected(key, e.reason, PATHS[f], FIELDS[f], e.rule))",
            "        except MemoryError:",
            "            raise",
            "        except Exception:",
            '            add(Rejected(key, "mapping_error", PATHS[f], FIELDS[f], "internal"))',
            "    return out",
        ]
        return "\n".join([*head, *self.lines, *tail]) + "\n"

    # Writing

    def _write(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def _constant(self, prefix: str, value: Any, label: str | None = None) -> str:
        """Keep a value in the table of constants and return its name."""
        if label is not None and _IDENTIFIER.fullmatch(label):
            name = f"{prefix}_{label}"
        else:
            name = f"{prefix}{len(self.names)}"
        while (
            name in self.names
            and self.names[name] is not value
            and not (isinstance(value, str) and self.names[name] == value)
        ):
            name += "_"
        if name not in self.names:
            self.names[name] = value
            if isinstance(value, (str, int)):
                self.notes.append(f"# {name} = {value!r}")
        return name

    # Paths

    def _fetch(self, path: Path, base: str) -> str:
        """Write what leads to a path's last step; return the expression of its value."""
        if not path.steps:
            return base
        holder = base
        for depth in range(1, len(path.steps)):
            known = (base, path.steps[:depth])
            if known not in self.known_steps:
                self.steps_written += 1
                name = f"p{self.steps_written}"
                self._write(f"{name} = {self._step(holder, path.steps[depth - 1])}")
                self.known_steps[known] = name
            holder = self.known_steps[known]
        return self._step(holder, path.steps[-1])

    def _step(self, holder: str, taken: str | int) -> str:
        if isinstance(taken, int):
            inside = f"{holder}[{taken}] if len({holder}) > {taken} else A"
            return f"({inside}) if {holder}.__class__ is list else step({holder})"
        name = self._constant("s", taken, taken)
        if holder in self.dicts:
            return f"{holder}.get({name}, A)"
        return f"{holder}.get({name}, A) if {holder}.__class__ is dict else step({holder})"

    def _part(self, part: Part, base: str) -> str:
        if isinstance(part, Path):
            found = self._fetch(part, base)
            return f"({found})" if " if " in found else found
        return self._constant("k", part.value)

    # The key

    def _key(self) -> None:
        parts = [self._part(p, "d") for p in self.mapping.key]
        self._write("key = (" + "".join(f"key_text({p}), " for p in parts).rstrip() + ")")
        self._write("v = {}")
        self._write("c = {}")

    # Rules

    def _rule(self, rule: Rule, *, base: str, values: str, prefix: str, owner: Feed) -> None:
        name = rule.target.name
        assert name in owner.by_name and _CANONICAL.fullmatch(name)
        self.fields.append(prefix + name)
        self.paths.append(self._vendor_path(rule, prefix))
        self._write(f"f = {len(self.fields) - 1}  # {prefix}{name}")
        place = f'{values}["{name}"]'
        if isinstance(rule.source, Const):
            self._write(f"{place} = {self._literal(rule.source.value)}")
        else:
            self._write(f"x = {self._value(rule, base)}")
            if rule.empty:
                words = self._constant("e", frozenset(rule.empty))
                self.notes.append(f"# {words} = {sorted(rule.empty)!r}")
                self._write(f"if x.__class__ is str and x in {words}:")
                self._write("    x = None")
            self._convert(rule, place, base)
        if rule.target.field.required:
            self._write(f'if {values}.get("{name}") is None:')
            self._write('    raise Reject("required", "required")')

    def _vendor_path(self, rule: Rule, prefix: str) -> str:
        where = ""
        if prefix:
            source = self.block_source
            where = f"{source.text}[]." if source is not None else ""
        return ",".join(where + p.text if p.steps else where[:-1] for p in rule.vendor_paths)

    def _literal(self, value: object) -> str:
        return (
            repr(value)
            if value is None or value is True or value is False
            else self._constant("k", value)
        )

    def _value(self, rule: Rule, base: str) -> str:
        match rule.source:
            case Path():
                return self._fetch(rule.source, base)
            case Concat(parts, between):
                fixed = [Const(Fixed(p.value)) if isinstance(p, Const) else p for p in parts]
                inner = ", ".join(self._part(p, base) for p in fixed)
                return f"concat(({inner},), {self._constant('k', between)})"
            case First(parts):
                inner = ", ".join(self._part(p, base) for p in parts)
                return f"first(({inner},))"
            case Split(path, by, part):
                found = self._fetch(path, base)
                return f"split({found}, {self._constant('k', by)}, {part})"
            case _:
                raise AssertionError(rule.source)

    def _convert(self, rule: Rule, place: str, base: str) -> None:
        """Write the lines that turn ``x`` into the canonical value at ``place``."""
        target = rule.target.field
        if rule.codes is not None:
            default = ABSENT if rule.codes.rejects else rule.codes.default
            self._by_table(dict(rule.codes.table), default, place)
        elif target.kind in (Kind.DATE, Kind.TIMESTAMP):
            self._by_date(rule, place, base)
        elif target.kind in (Kind.DECIMAL, Kind.INTEGER):
            self._write("if x is not A:")
            self._write(f"    {place} = {self._number(rule)}(x)")
        elif target.kind is Kind.BOOLEAN:
            self._write("if x is not A:")
            self._write(f"    {place} = boolean(x)")
        elif target.kind is Kind.JSON:
            self._write("if x is not A:")
            self._write(f"    {place} = json_value(x)")
        elif target.codes and rule.clean is None:
            self._by_table({code: code for code in target.codes}, ABSENT, place)
        else:
            self._by_text(rule, place)

    def _by_text(self, rule: Rule, place: str) -> None:
        cleaned = self._checks(rule, "x")
        if cleaned == "x":
            self._write("if x.__class__ is str:")
            self._write(f"    {place} = x or None")
            self._write("elif x is not A:")
            self._write(f"    {place} = text(x)")
        else:
            self._write("if x is not A:")
            self._write(f"    {place} = {cleaned}")
        if rule.target.field.codes:
            self._write("if x is not A:")
            self._write(f"    x = {place}")
            self.depth += 1
            self._by_table({code: code for code in rule.target.field.codes}, ABSENT, place)
            self.depth -= 1

    def _checks(self, rule: Rule, expression: str) -> str:
        """Wrap an expression in the rule's cleaner and the model's validator, once each."""
        wanted = [n for n in (rule.clean, rule.target.field.check) if n is not None]
        if tuple(wanted) in _STRICTER:
            wanted = wanted[:1]
        for name in dict.fromkeys(wanted):
            expression = f"{self._constant('clean', self.cleaners[name], name)}({expression})"
        return expression

    def _by_table(self, table: dict[str, object], default: object, place: str) -> None:
        other = self._constant("other", CodeTable(table, default))
        numbers = {int(code): value for code, value in table.items() if _INTEGER.fullmatch(code)}
        codes = self._constant("codes", {**table, **numbers})
        self.notes.append(f"# {codes} = {table!r}")
        plain = "x.__class__ is str" + (" or x.__class__ is int" if numbers else "")
        self._write("if x is not A:")
        self._write(f"    y = {codes}.get(x, A) if {plain} else A")
        self._write(f"    {place} = y if y is not A else {other}(x)")

    def _by_date(self, rule: Rule, place: str, base: str) -> None:
        field_ = rule.target.field
        fixed = zone_of(rule.zone) if isinstance(rule.zone, str) else self.zone
        check = self.birth_date if field_.check == "birth_date" else None
        reader = DateReader(rule.formats, fixed, check)
        read = self._constant("read", getattr(reader, field_.kind.value), field_.name)
        if isinstance(rule.zone, Path):
            self._write(f"z = {self._fetch(rule.zone, base)}")
            self._write("if x is not A:")
            self._write(f"    {place} = {read}(x, z)")
            return
        # a bare dictionary: what was read once costs one look-up
        memo = f"m{len(self.names)}"
        self.names[memo] = reader.memo
        self._write("if x is not A:")
        self._write(f"    y = {memo}.get(x) if x.__class__ is str or x.__class__ is int else None")
        self._write(f"    {place} = y if y is not None else {read}(x)")

    def _number(self, rule: Rule) -> str:
        kind = rule.target.field.kind.value
        if rule.unit is None:
            return kind
        convert_ = convert.scaled_integer if kind == "integer" else convert.scaled
        return self._constant("scale", partial(convert_, ratio=UNITS[rule.unit]))

    def _check_texts(self, values: str, rules: Sequence[Rule], first: int) -> None:
        """Write one check of all texts together; only if it fails are they looked at singly."""
        numbers = self._constant("numbers", {r.target.name: first + i for i, r in enumerate(rules)})
        self._write(f'if not sound("".join([y for y in {values}.values() if y.__class__ is str])):')
        self._write(f"    check_texts({values}, {numbers})")

    # Children

    def _block(self, block: Block) -> None:
        child = block.child.name
        self.block_source = block.source
        self.fields.append(child)
        self.paths.append(block.source.text if block.source else "")
        self._write(f"f = {len(self.fields) - 1}  # {child}")
        if block.source is None:
            self._write("for i in (d,):")
            self.dicts.add("i")
        else:
            self._write(f"x = {self._fetch(block.source, 'd')}")
            self._write("if x is not A:")
            self._write(f'    c.setdefault("{child}", [])')
            self._write("for i in (items(x) if x is not A else ()):")
        self.depth += 1
        self._item(block)
        self.depth -= 1
        self.dicts.discard("i")
        self.known_steps = {k: n for k, n in self.known_steps.items() if k[0] != "i"}

    def _item(self, block: Block) -> None:
        child = block.child.name
        if block.source is not None:
            self._write("if i is None:")
            self._write("    continue")
            paths = [p for r in block.rules for p in r.vendor_paths]
            if all(p.steps for p in [*paths, *(w.path for w in block.where)]):
                self._write("if i.__class__ is not dict:")
                self._write('    refuse(i, "type", "item")')
                self.dicts.add("i")
        self._write(f"f = {len(self.fields) - 1}")
        for wanted in block.where:
            self._condition(wanted, child, mark=block.source is None)
        self._write("w = {}")
        first = len(self.fields)
        for rule in block.rules:
            self._rule(rule, base="i", values="w", prefix=f"{child}.", owner=block.child)
        self._check_texts("w", block.rules, first)
        self._write(f'c.setdefault("{child}", []).append(w)')

    def _condition(self, wanted: Condition, child: str, *, mark: bool) -> None:
        """Write a test; in the record itself, a field that is there speaks of the list."""
        test = self._constant(
            "where", condition(wanted.values, null=wanted.null, negated=wanted.negated)
        )
        self._write(f"x = {self._fetch(wanted.path, 'i')}")
        if mark:
            self._write("if x is not A:")
            self._write(f'    c.setdefault("{child}", [])')
        self._write(f"if not {test}(x):")
        self._write("    continue")
