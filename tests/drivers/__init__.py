"""Tests of the drivers: tables where there are rules, real stacks where there is hardware."""
