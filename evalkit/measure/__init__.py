"""Pure measures: generations to certificates; texts to distances, tint, style and damage."""
