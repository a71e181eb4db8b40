"""Tamper evidence: records chained, hours signed, packs that a supplier can check without us."""
