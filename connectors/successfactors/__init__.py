"""SAP SuccessFactors Employee Central."""

from connectors.successfactors.connector import connector

__all__ = ["connector"]
