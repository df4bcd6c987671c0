"""Verification of employment: what a resume claims, held against what records say."""

from hrhub.pipeline.verification.deciding import (
    Difference,
    Ruling,
    Verification,
    decide,
    verification,
    verifications,
)
from hrhub.pipeline.verification.running import Verified, verify_employment

__all__ = [
    "Difference",
    "Ruling",
    "Verification",
    "Verified",
    "decide",
    "verification",
    "verifications",
    "verify_employment",
]
