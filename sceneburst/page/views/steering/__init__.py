"""The views by which operators steer: pauses, limits, audit log, settings, checks, keys."""
