"""What is done with contracts and their templates."""
