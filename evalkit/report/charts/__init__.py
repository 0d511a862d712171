"""Pictures: coordinates computed here, in Python, and drawn by one template as inline SVG."""
