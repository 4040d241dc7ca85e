"""Whole towns played from one seed: real terminals, a real ledger, and everything that goes wrong.

    python -m tests.simulation --seed 7             one world, told line by line
    python -m tests.simulation --seconds 60         seed after seed, to the first that fails

A world has a few terminals, purses, a network and a ledger. The seed decides who pays whom, what
the network does to each message, when which process dies and what the clocks show. After each step
`checks` holds what people were told against journals and books. The same seed is the same world,
to the byte: nothing here reads a real clock, starts a thread or draws a number of its own.
"""
