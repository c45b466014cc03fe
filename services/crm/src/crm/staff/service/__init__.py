"""Acts on staff members and on teams."""
