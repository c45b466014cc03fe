"""Named reads and set-based writes of opportunities and pipelines."""
