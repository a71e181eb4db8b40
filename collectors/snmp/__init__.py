"""SNMP: codec, transport, sessions, and a small agent for demonstrations and tests."""
