"""`python -m sceneburst` is the command line too."""

from sceneburst.cli import main

if __name__ == "__main__":
    main()
