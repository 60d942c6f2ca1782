"""An ECS that behaves like Fargate where it matters, and starts real worker programs."""

from tests.support.fargate_simulator.cluster import Cluster, SimulatedTask
from tests.support.fargate_simulator.faults import Faults
from tests.support.fargate_simulator.server import Simulator

__all__ = ["ONE_REGION", "Cluster", "Faults", "SimulatedTask", "Simulator"]

#: Settings of a dispatcher that launches in the simulated region us-east-1, in two subnets.
ONE_REGION = {
    "SCENEBURST_ECS_CLUSTER": "videos",
    "SCENEBURST_ECS_TASK_DEFINITION": "worker",
    "SCENEBURST_ECS_SUBNETS": '["subnet-a", "subnet-b"]',
    "SCENEBURST_ECS_REGIONS": '["us-east-1"]',
    "SCENEBURST_ECS_MIN_LIFETIME_S": "0",
    "SCENEBURST_ECS_CAPACITY_RETRY_S": "1",
}
