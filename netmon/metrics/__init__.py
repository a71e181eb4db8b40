"""What Prometheus sees: the newest device series, and netmon's own state."""
