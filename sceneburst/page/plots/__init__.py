"""Plots as lines of SVG: the shapes alone, without words, scripts or styles."""
