"""Bare programs that ours are measured beside."""
