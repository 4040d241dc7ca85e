"""Bad input of every kind at a whole terminal: the right sentence, nothing lost, and it goes on."""
