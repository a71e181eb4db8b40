"""Reports that stand up: figures of a site, a circuit, an estate; documents; issued periods."""
