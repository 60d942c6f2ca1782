"""An ECS that behaves like Fargate where it matters, and starts real worker programs."""

from tests.fargate_simulator.cluster import Cluster, SimulatedTask
from tests.fargate_simulator.faults import Faults
from tests.fargate_simulator.server import Simulator

__all__ = ["Cluster", "Faults", "SimulatedTask", "Simulator"]
