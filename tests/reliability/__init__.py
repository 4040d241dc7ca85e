"""What survives: a killed process, restarted on what it left."""
