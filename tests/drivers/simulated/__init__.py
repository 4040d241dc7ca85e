"""Tests of the simulated hardware, which everything else leans on."""
