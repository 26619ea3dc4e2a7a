"""What the painter does to a photo, one step per module."""
