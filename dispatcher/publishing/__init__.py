"""Writes for operators and producers what the dispatcher decides and knows."""
