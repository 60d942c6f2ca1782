"""What `sceneburst doctor` looks at, a file per subject."""
