"""Records -> view records -> one HTML file, and the same figures as a terminal table."""
