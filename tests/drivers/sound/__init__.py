"""Sound: tones that are measured, a player and a voice that go wrong in every way."""
