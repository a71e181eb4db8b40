"""Arithmetic of evidence: pure, deterministic, standard library only."""
