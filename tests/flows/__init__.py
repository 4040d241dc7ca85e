"""A sale as tables of (event, expected): no device, no screen, no thread."""
