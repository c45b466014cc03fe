"""The door of staff: acts on members and on teams."""
