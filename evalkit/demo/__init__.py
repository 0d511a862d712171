"""A ten-variant family at toy scale, made on the spot the way the real one was."""
