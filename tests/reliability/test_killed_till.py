"""A till killed between any two steps of taking a payment, and started again where it left off."""
