"""The durable history: the only queue, and what pages, reports and sinks read."""
