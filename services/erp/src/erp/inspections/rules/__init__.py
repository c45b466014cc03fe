"""Pure rules of inspection."""
