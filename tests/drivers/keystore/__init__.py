"""Tests of the key stores."""
