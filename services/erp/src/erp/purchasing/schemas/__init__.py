"""Commands and views of purchasing."""
