"""Broken variants of the reference connector, each with the checks that must catch it."""

from tests.conformance.broken.declaring import VARIANTS as DECLARING
from tests.conformance.broken.doing import VARIANTS as DOING
from tests.conformance.broken.reading import VARIANTS as READING
from tests.conformance.broken.variant import Variant

VARIANTS: tuple[Variant, ...] = (*DECLARING, *READING, *DOING)
