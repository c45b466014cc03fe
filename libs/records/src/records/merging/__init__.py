"""Two records of one type become one: previewed, done in one transaction, undone for some days."""
