"""Connectors to vendor systems: one package each, found through the entry points of hrhub."""
