"""Tests of the offline queue."""
