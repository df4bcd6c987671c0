"""Tests of hrhub; a package, so that no installed package named tests stands in its way."""
