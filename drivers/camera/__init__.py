"""A camera as a scanner: frames from V4L2, codes out of them. Optional."""
