"""The kinds of ECS's refusals, told apart by code and words."""

import pytest

from dispatcher.fleets.fargate.ecs_errors import (
    EcsProblem,
    is_gone,
    is_misconfigured,
    is_server_fault,
    is_stale_credential,
    is_throttle,
    lacks_capacity,
)

_PREDICATES = (is_throttle, lacks_capacity, is_gone, is_server_fault, is_stale_credential, is_misconfigured)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (EcsProblem("ThrottlingException", "Rate exceeded"), is_throttle),
        (EcsProblem("InvalidParameterException", "Rate exceeded"), is_throttle),
        (EcsProblem("ClientException", "Too many concurrent attempts to create a new revision"), is_throttle),
        (EcsProblem("ThrottlingException", "Rate exceeded", 503), is_throttle),
        (EcsProblem("Capacity is unavailable at this time. Please try again later"), lacks_capacity),
        (EcsProblem("ClientException", "Capacity is unavailable at this time."), lacks_capacity),
        (EcsProblem("RESOURCE:MEMORY"), lacks_capacity),
        (EcsProblem("RESOURCE:ENI"), lacks_capacity),
        (
            EcsProblem("ClientException", "You've reached the limit on the number of vCPUs you can run concurrently"),
            lacks_capacity,
        ),
        (EcsProblem("x", "You’ve reached the limit on the number of tasks you can run concurrently"), lacks_capacity),
        (EcsProblem("ClientException", "Provisioning capacity limit exceeded."), lacks_capacity),
        (EcsProblem("MISSING"), is_gone),
        (EcsProblem("InvalidParameterException", "The referenced task was not found."), is_gone),
        (EcsProblem("ServerException", "Service Unavailable. Please try again later.", 500), is_server_fault),
        (EcsProblem("502", "Bad Gateway", 502), is_server_fault),
        (EcsProblem("ExpiredTokenException", "The security token included in the request is expired"), is_stale_credential),
        (EcsProblem("AccessDeniedException", "not authorized to perform: ecs:RunTask"), is_misconfigured),
        (EcsProblem("ClusterNotFoundException", "Cluster not found."), is_misconfigured),
        (EcsProblem("InvalidParameterException", "No Fargate configuration exists for given values."), is_misconfigured),
        (EcsProblem("ClientException", "TaskDefinition not found."), is_misconfigured),
        (EcsProblem("PlatformTaskDefinitionIncompatibilityException", "ARM64"), is_misconfigured),
        (EcsProblem("BlockedException", "Your account is currently blocked."), is_misconfigured),
    ],
)
def test_every_refusal_is_of_one_kind(problem: EcsProblem, expected: object) -> None:
    """Exactly one predicate holds for each."""
    assert [predicate for predicate in _PREDICATES if predicate(problem)] == [expected]
