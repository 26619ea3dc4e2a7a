"""Parses captions: the bot's keywords, and the remaining words as an instruction for a model."""
