"""The arithmetic of planning: pure, exact, the same for the same snapshot."""
