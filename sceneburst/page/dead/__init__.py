"""Acts on many dead letters at once, carried out on the server while everybody may watch."""
