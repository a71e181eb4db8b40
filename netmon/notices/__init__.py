"""What is told to whom, and how: a durable queue for each channel."""
