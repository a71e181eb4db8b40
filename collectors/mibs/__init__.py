"""Objects that a user names: from the configuration, or from MIB files compiled beforehand."""
