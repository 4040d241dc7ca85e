"""What is printed, composed from what the journal holds. No printer, no pixel, no thread."""
