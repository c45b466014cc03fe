"""Named reads and set-based writes of planning."""
