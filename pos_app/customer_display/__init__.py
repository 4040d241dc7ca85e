"""The customer's display as a device: a process of its own, fed the newest view over a pipe."""
