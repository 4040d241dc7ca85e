"""A journal looked at from outside: what can be proven of it with nothing but the trust list."""
