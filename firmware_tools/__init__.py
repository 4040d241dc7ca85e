"""The technician's bench, `ks-field`: it makes a machine a terminal, and looks at its devices."""
