"""The daemon put together: configuration to objects to tasks; decisions live elsewhere."""
