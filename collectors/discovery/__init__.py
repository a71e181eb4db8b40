"""Find the devices of a network, and suggest a configuration for them."""
