"""Acts of accounts: on accounts and on contacts."""
