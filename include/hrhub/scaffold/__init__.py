"""Start a connector: a package that keeps the contract before its author changes a line."""

from hrhub.scaffold.choices import AUTH, KINDS, PAGING
from hrhub.scaffold.generate import generate
from hrhub.scaffold.wish import Wish

__all__ = ["AUTH", "KINDS", "PAGING", "Wish", "generate"]
