"""Tests of the serial scanner."""
