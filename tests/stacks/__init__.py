"""Real stacks for tests: a private pcscd with virtual readers, a virtual display, loopback ports.

They know nothing of cards, payments or screens: they start what Debian ships, say when it is ready,
and end it. Whoever runs the tests keeps their own pcscd and their own display. The fixtures are in
tests/conftest.py.
"""
