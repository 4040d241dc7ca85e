"""Simulated hardware: chosen explicitly, never a fallback, and driven by the real driver code."""
