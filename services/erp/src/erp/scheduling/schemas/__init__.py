"""Commands and views of scheduling."""
