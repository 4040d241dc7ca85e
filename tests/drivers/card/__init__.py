"""Tests of purse cards, readers and taps."""
