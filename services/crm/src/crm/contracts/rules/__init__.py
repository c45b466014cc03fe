"""Pure rules of contracts: which variables there are, and what text clauses make."""
