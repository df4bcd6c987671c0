"""HR integration hub: vendor systems in, one canonical candidate and employee store out."""

__version__ = "0.1.0"
