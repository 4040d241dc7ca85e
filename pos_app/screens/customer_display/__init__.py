"""The customer's own display: its window, and a screen for each of its views. Has no key."""
