"""Problems: what a caller is told instead of a result; below everything that may refuse."""
