"""The till: a pure core, and the threads, devices and screens around it."""
