"""`python -m console` is the command line too."""

from console.cli import main

if __name__ == "__main__":
    main()
