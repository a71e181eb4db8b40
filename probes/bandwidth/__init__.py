"""How much a line carries: methods, what limited them, and the far end that serves them."""
