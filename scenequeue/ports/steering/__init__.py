"""What operators change while programs run: pauses, limits, dead letters, draining; and the audit log of that."""
