"""The connectors that ship with the hub keep the contract, by the suite that vendors use."""

from __future__ import annotations

from hrhub.conformance.plugin import conformance_suite

TestSuccessFactors = conformance_suite("successfactors")
TestZkteco = conformance_suite("zkteco")
