"""Where the terminal's private key lives: each store is a `kscoin.keys.Signer`."""
