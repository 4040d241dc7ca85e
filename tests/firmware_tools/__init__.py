"""Tests of the technician's bench."""
