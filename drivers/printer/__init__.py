"""Receipt printers: from what a slip holds to paper, and what a printer says of itself."""
