"""Limits, dead letters and draining, as operators change them while programs run, and the audit log of that."""
