"""The commands of `sceneburst`, one file per group."""
