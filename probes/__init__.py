"""Probes: active sources; they send, and time what comes back."""
