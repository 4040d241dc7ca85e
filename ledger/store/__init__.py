"""The ledger's database: schema, transactions and queries. It knows no rule about money."""
