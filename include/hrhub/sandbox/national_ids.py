"""Resident identity numbers of generated people (GB 11643-1999).

Six digits of region (GB/T 2260), eight of birth date, three in sequence (odd for men), one check
character (ISO 7064, MOD 11-2).
"""

from __future__ import annotations

import random
from datetime import date

_REGION_CODES = """
110101 110105 110108 120101 130102 140105 150102 210102 220102 230103 310104 310115 320102
320505 330106 330203 340104 350203 360102 370202 370102 410105 420106 430102 440106 440305
440402 450103 460105 500103 510104 520102 530102 540102 610113 620102 630104 640104 650102
"""
REGIONS = tuple(_REGION_CODES.split())
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_character(first17: str) -> str:
    """Return the eighteenth character of a number."""
    return _CHECKS[sum(w * int(c) for w, c in zip(_WEIGHTS, first17, strict=True)) % 11]


def draw(rng: random.Random, birth: date, male: bool, taken: set[str]) -> str:
    """Draw a number that nobody has, and remember it in ``taken``."""
    while True:
        region = REGIONS[int(rng.random() * len(REGIONS))]
        sequence = 2 * int(rng.random() * 499) + (1 if male else 2)
        first17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
        if first17 not in taken:
            taken.add(first17)
            return first17 + check_character(first17)


def broken(number: str) -> str:
    """Return a number with a wrong check character."""
    return number[:17] + _CHECKS[(_CHECKS.index(number[17]) + 1) % 11]
