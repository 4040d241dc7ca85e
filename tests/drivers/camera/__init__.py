"""Tests of the camera as a scanner, by pictures: a real camera is on no test's bench."""
