"""The till's screens in a real window: looked at by rules, by a QR reader and by people."""
