"""The steps of the schema, in order. There is no way back: books are restored, not downgraded."""
