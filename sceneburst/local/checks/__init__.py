"""The checks of `sceneburst doctor`, one file per subject."""
