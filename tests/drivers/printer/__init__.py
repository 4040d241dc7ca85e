"""Slips as dots, and printers that they are sent to."""
