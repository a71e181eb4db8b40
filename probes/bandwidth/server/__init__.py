"""The far end of capacity tests, for an estate's own data centre."""
