"""Code scanners on a serial line: from bytes in any pieces to texts."""
