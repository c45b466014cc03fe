"""Commands and views of planning."""
