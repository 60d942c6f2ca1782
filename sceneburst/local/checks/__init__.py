"""The checks of `sceneburst doctor`, a file per subject."""
