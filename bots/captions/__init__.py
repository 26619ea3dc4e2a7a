"""What people write under a photo: the bot's own keywords, and the words that are left for a model."""
