"""Tests on real stacks: a real pcscd, a real window, real sockets."""
