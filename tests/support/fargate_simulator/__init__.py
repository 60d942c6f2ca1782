"""An ECS that behaves like Fargate where it matters, and starts real worker programs."""

from tests.support.fargate_simulator.cluster import Cluster, SimulatedTask
from tests.support.fargate_simulator.faults import Faults
from tests.support.fargate_simulator.server import Simulator

__all__ = ["Cluster", "Faults", "SimulatedTask", "Simulator"]
