"""How well claimed work is told from recorded work: precision and recall by kind of difference.

The labelled cases (``tests.bench.claims``) go through the rules as they are. Remarks (``info``)
count like the rest; beside them stands what weighs: whether an honest person is accused, which is
a finding of ``medium`` or ``high``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from hrhub.ambient import SystemClock
from hrhub.pipeline.verification.compare import compare
from hrhub.pipeline.verification.policy import VerificationPolicy
from tests.bench.claims import KINDS, Case, cases

WORKLOAD = "verification"
SEEDS = (1, 2, 3)
"""The rules were looked at with the first seed only; the others were drawn afterwards."""

MIN_PRECISION = 0.98
"""Of what weighs (``medium`` and ``high``), on every seed."""
MIN_NOTICED = 0.9
"""Share of the untrue resumes of which something untrue is found, on every seed."""
MOST_ACCUSED = 0.01
"""Share of honest people of whom something that weighs is found, on every seed."""

_HEAVY = ("medium", "high")


def run(per_kind: int | None = None) -> dict[str, Any]:
    """Judge the rules on every seed and return what to write down."""
    clock = SystemClock()
    started = clock.monotonic()
    by_seed = {seed: judge(cases(seed, per_kind or 30)) for seed in SEEDS}
    seconds = clock.monotonic() - started
    return {
        "seeds": by_seed,
        "cases": sum(found["cases"] for found in by_seed.values()),
        "kinds": len(KINDS),
        "cases_s": round(sum(found["cases"] for found in by_seed.values()) / seconds),
        "passed": all(
            found["precision_of_heavy"] >= MIN_PRECISION
            and found["noticed"] >= MIN_NOTICED
            and found["honest_accused"] <= MOST_ACCUSED * found["honest"]
            for found in by_seed.values()
        ),
    }


def judge(labelled: Iterable[Case]) -> dict[str, Any]:
    """Compare what the rules find with the labels."""
    policy = VerificationPolicy()
    hits: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    mistakes: dict[str, Counter[str]] = defaultdict(Counter)
    count = honest = accused = noticed = heavy = heavy_true = 0
    for case in labelled:
        outcome = compare(case.facts, policy)
        found = {f.code for f in outcome.findings}
        hits.update(found & case.expected)
        wrong.update(found - case.expected - case.allowed)
        missed.update(case.expected - found)
        mistakes[case.kind].update(f"+{code}" for code in found - case.expected - case.allowed)
        mistakes[case.kind].update(f"-{code}" for code in case.expected - found)
        verdicts[case.kind][outcome.verdict] += 1
        count += 1
        honest += case.honest
        weighs = {f.code for f in outcome.findings if f.severity in _HEAVY}
        accused += case.honest and bool(weighs)
        noticed += not case.honest and bool(found & case.expected)
        heavy += len(weighs)
        heavy_true += len(weighs & (case.expected | case.allowed))
    total = hits.total()
    return {
        "cases": count,
        "precision": _share(total, total + wrong.total()),
        "recall": _share(total, total + missed.total()),
        "precision_of_heavy": _share(heavy_true, heavy),
        "noticed": _share(noticed, count - honest),
        "honest": honest,
        "honest_accused": accused,
        "by_code": {
            code: {
                "true": hits[code],
                "false": wrong[code],
                "missed": missed[code],
                "precision": _share(hits[code], hits[code] + wrong[code]),
                "recall": _share(hits[code], hits[code] + missed[code]),
            }
            for code in sorted(hits | wrong | missed)
        },
        "verdicts": {kind: dict(sorted(found.items())) for kind, found in verdicts.items()},
        "mistakes": {kind: dict(sorted(some.items())) for kind, some in mistakes.items() if some},
    }


def table(figures: dict[str, Any]) -> str:
    """Return the confusion table of all seeds together."""
    lines = [
        f"verification: {figures['cases']:,} cases of {figures['kinds']} kinds, "
        f"{figures['cases_s']:,} a second; {'passed' if figures['passed'] else 'FAILED'}",
        f"{'difference':<28}{'true':>7}{'false':>7}{'missed':>8}{'precision':>11}{'recall':>9}",
    ]
    seeds = list(figures["seeds"].values())
    for code in sorted({code for found in seeds for code in found["by_code"]}):
        rows = [found["by_code"].get(code, {}) for found in seeds]
        true, false, gone = (sum(r.get(n, 0) for r in rows) for n in ("true", "false", "missed"))
        lines.append(
            f"{code:<28}{true:>7}{false:>7}{gone:>8}"
            f"{_share(true, true + false):>11.4f}{_share(true, true + gone):>9.4f}"
        )
    for seed, found in figures["seeds"].items():
        lines.append(
            f"seed {seed}: precision {found['precision']:.4f} "
            f"({found['precision_of_heavy']:.4f} of what weighs), recall {found['recall']:.4f}, "
            f"untrue resumes noticed {found['noticed']:.4f}, "
            f"{found['honest_accused']} of {found['honest']} honest people accused"
        )
    return "\n".join(lines)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0
