"""Purse cards: from the reader's bytes to what a tap reports."""
