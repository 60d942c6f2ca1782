"""Names and behaviour of CloudBurst Fargate, for scripts that use it, over Sceneburst; see docs/coming-from-cloudburst.md."""

from sceneburst.cloudburst.batch import execute_parallel_batches
from sceneburst.cloudburst.distribution import calculate_optimal_batch_distribution, choose_optimal_config
from sceneburst.cloudburst.operation import FargateOperationV1

__all__ = ["FargateOperationV1", "calculate_optimal_batch_distribution", "choose_optimal_config", "execute_parallel_batches"]
