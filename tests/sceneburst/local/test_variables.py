"""Settings of the environment that hold for a run on this machine, and those that do not."""

from sceneburst.local.variables import environment_of, in_force, overruled


def test_defaults_give_way_to_the_environment_and_decisions_do_not() -> None:
    """A variable's name may be in any case."""
    inherited = {"sceneburst_tick_s": "3", "SCENEBURST_FLEET": "fargate", "TICK_S": "4"}
    assert in_force({"fleet": "process"}, {"tick_s": 0.5, "lease_s": 10}, inherited) == {"lease_s": 10, "fleet": "process"}


def test_no_variable_is_given_twice_in_different_case() -> None:
    """Programs would take either."""
    inherited = {"sceneburst_fleet": "fargate", "HOME": "/root"}
    assert environment_of({"fleet": "process", "file_roots": ["/a"]}, inherited) == {
        "HOME": "/root",
        "SCENEBURST_FLEET": "process",
        "SCENEBURST_FILE_ROOTS": '["/a"]',
    }


def test_only_a_variable_that_says_something_else_is_overruled() -> None:
    """The order of folders means nothing; what was printed for export by an earlier `up` warns of nothing."""
    decided = {"namespace": "sceneburst", "file_roots": ["/a", "/b"], "state_dir": "/run/fleet", "max_containers": 2}
    same = {"SCENEBURST_NAMESPACE": "sceneburst", "SCENEBURST_FILE_ROOTS": '["/b", "/a"]', "SCENEBURST_MAX_CONTAINERS": "9"}
    assert list(overruled(decided, same)) == []
    other = {"SCENEBURST_NAMESPACE": "mine", "sceneburst_file_roots": "[", "SCENEBURST_STATE_DIR": "/var/fleet"}
    assert list(overruled(decided, other)) == [
        ("SCENEBURST_NAMESPACE", ""),
        ("SCENEBURST_FILE_ROOTS", "--root"),
        ("SCENEBURST_STATE_DIR", "--data"),
    ]
