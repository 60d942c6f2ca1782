"""Finds the constant rate factor at which a rendition reaches a VMAF, by encoding spans of the source."""
