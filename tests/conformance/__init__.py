"""Proofs of the conformance kit: a good connector passes, every broken one is caught."""
