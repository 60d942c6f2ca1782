"""The views of dead letters: by reason, and one letter; with acts on one, on ten and on all of a filter."""
