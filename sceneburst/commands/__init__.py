"""The commands of `sceneburst`, a file per group."""
