"""The vendor's test kit: prove a connector offline, against its own simulator.

``hrhub conformance NAME`` prints what :func:`hrhub.conformance.kit.run` finds; the pytest plugin
:mod:`hrhub.conformance.plugin` makes tests of it.
"""
