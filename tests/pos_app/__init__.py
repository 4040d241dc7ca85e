"""What is around the till's core: threads, settings, devices' events, demo and rehearsal."""
