"""`python -m benchmarks.autoscale` compares scaling decisions in a simulated Fargate."""

import sys

from benchmarks.autoscale.simulation import main

if __name__ == "__main__":
    sys.exit(main())
