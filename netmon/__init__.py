"""The netmon daemon: from the wire to the evidence."""
