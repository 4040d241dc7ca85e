"""Tests of kscoin/, the coin's language."""
