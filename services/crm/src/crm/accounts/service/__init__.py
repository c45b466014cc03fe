"""The door of accounts: acts on accounts and on contacts."""
