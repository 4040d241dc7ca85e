"""Hardware: bytes up, commands down. Knows no money policy, no journal, no screen."""
