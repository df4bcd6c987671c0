"""The AI-interview connector keeps the contract: the hub's conformance kit, as vendors run it."""

from hrhub.conformance.plugin import conformance_suite

TestContract = conformance_suite("ai_interview")
