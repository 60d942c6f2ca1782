"""The schedule that a seed decides before a run begins."""

from chaos.faults.catalogue import FAULTS, faults_of
from chaos.scenes import KINDS, plan_job
from chaos.schedule import draws_for, plan_deaths, plan_faults

_WEIGHTS = {name: fault.weight for name, fault in FAULTS.items()}


def test_a_seed_replays_its_schedule() -> None:
    """Names and times; another seed has another one."""
    assert plan_faults(7, 60, _WEIGHTS) == plan_faults(7, 60, _WEIGHTS)
    assert plan_faults(7, 60, _WEIGHTS) != plan_faults(8, 60, _WEIGHTS)


def test_a_longer_run_begins_as_the_shorter_one() -> None:
    """So a failure after a minute is found again by a run of two."""
    assert plan_faults(7, 120, _WEIGHTS)[: len(plan_faults(7, 60, _WEIGHTS))] == plan_faults(7, 60, _WEIGHTS)


def test_every_fault_comes_once_before_any_comes_again() -> None:
    """A minute has them all."""
    for fleet in ("process", "fargate"):
        names = faults_of(fleet)
        planned = plan_faults(7, 300, {name: FAULTS[name].weight for name in names})
        assert sorted(fault.name for fault in planned[: len(names)]) == sorted(names)
        assert [fault.number for fault in planned] == list(range(len(planned)))


def test_a_jobs_content_depends_on_its_number_alone() -> None:
    """Not on how many were submitted, nor on what was drawn for others."""
    jobs = [plan_job(number, draws_for(7, f"jobs/{number}")) for number in range(600)]
    assert jobs[150] == plan_job(150, draws_for(7, "jobs/150"))
    assert {name for job in jobs for name in job.kinds} == set(KINDS)


def test_producers_die_at_every_point_of_a_submission() -> None:
    """After each chunk, and when the job is visible; some more than once, most never."""
    deaths = [plan_deaths(draws_for(7, f"producers/{number}"), 4) for number in range(400)]
    assert {death for each in deaths for death in each} == {1, 2, 3, 4, 5}
    assert 0.5 < sum(not each for each in deaths) / len(deaths) < 0.7
