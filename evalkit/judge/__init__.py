"""A local model as judge: its questions, its exam, what its replies say."""
