"""Runs many seeds in parallel, and sums up their results."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from chaos.faults.catalogue import faults_of
from chaos.judge.effects import STANDING
from chaos.run import Report
from sceneburst.counted import counted

_CRASHED = "the driver ended without a report; see its log"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run. Field names are the keys of its JSON report."""

    seed: int
    fleet: str
    scenes: int
    seconds: float
    hits: Counter[str]
    effects: Counter[str]
    told: Counter[str]
    wrong: list[str]

    def to_json(self) -> str:
        """Serialise for the process that started the run."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        """Parse what `to_json` wrote."""
        fields = json.loads(text)
        counters = {name: Counter(fields[name]) for name in ("hits", "effects", "told")}
        return cls(**{**fields, **counters})

    @classmethod
    def of(cls, report: Report) -> "Outcome":
        """Convert a run's report."""
        numbers = (Counter(report.hits), report.effects, Counter(report.event_counts))
        return cls(report.seed, report.fleet, report.scenes, round(report.seconds, 1), *numbers, report.wrong)

    def line(self) -> str:
        """Summarise the run in one line."""
        verdict = counted(len(self.wrong), "PROMISE BROKEN", "PROMISES BROKEN") if self.wrong else "every promise held"
        scenes, hits = counted(self.scenes, "scene"), counted(sum(self.hits.values()), "hit")
        return f"seed {self.seed} ({self.fleet}): {scenes} in {self.seconds:.0f} s, {hits}: {verdict}"


def run_all(
    seeds: Sequence[tuple[int, str]], arguments: Sequence[str], parallel: int, keep: Path, print_line: Callable[[str], None]
) -> list[Outcome]:
    """Run each seed on its fleet in a process of its own; a run that fails does not end the others.

    Args:
        seeds: pairs of seed and fleet.
        arguments: command-line arguments of every run.
        parallel: number of runs at once.
        keep: folder for the log and report of every run, and all files of those that broke a promise.
        print_line: called with a line per run.
    """
    keep.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with ThreadPoolExecutor(parallel) as threads:
        running = [threads.submit(_one, seed, fleet, arguments, keep) for seed, fleet in seeds]
        for ended in as_completed(running):
            outcome = ended.result()
            outcomes.append(outcome)
            print_line(outcome.line())
            for sentence in outcome.wrong[:10]:
                print_line(f"  {sentence}")
    return outcomes


def _one(seed: int, fleet: str, arguments: Sequence[str], keep: Path) -> Outcome:
    report = keep / f"{seed}.json"
    report.unlink(missing_ok=True)
    own = ["--seed", str(seed), "--fleet", fleet, "--report", str(report), "--keep", str(keep)]
    with (keep / f"{seed}.log").open("wb") as log:
        subprocess.run([sys.executable, "-m", "chaos", *own, *arguments], stdout=log, stderr=log, check=False)
    if not report.exists():
        return Outcome(seed, fleet, 0, 0.0, Counter(), Counter(), Counter(), [f"{_CRASHED} ({keep / f'{seed}.log'})"])
    return Outcome.from_json(report.read_text())


def without_effect(outcomes: Sequence[Outcome], faults: Sequence[str]) -> list[str]:
    """List the faults that never had an effect in any run: the promises were not tested against them."""
    possible = {name for outcome in outcomes for name in faults_of(outcome.fleet)} & set(faults)
    total = sum((outcome.effects for outcome in outcomes), Counter[str]())
    return sorted(name for name in {*possible, *STANDING} if not total[name])


def summary(outcomes: Sequence[Outcome]) -> str:
    """Summarise all runs."""
    hits = sum((outcome.hits for outcome in outcomes), Counter[str]())
    effects = sum((outcome.effects for outcome in outcomes), Counter[str]())
    told = sum((outcome.told for outcome in outcomes), Counter[str]())
    scenes = sum(outcome.scenes for outcome in outcomes)
    broken = sum(bool(outcome.wrong) for outcome in outcomes)
    planted = sorted((name, count) for name, count in effects.items() if name not in hits)
    return "\n".join(
        [
            f"{counted(len(outcomes), 'run')}, {counted(scenes, 'scene')}, {broken} broke a promise",
            "hits with an effect: " + ", ".join(f"{name} {effects[name]} of {hits[name]}" for name in sorted(hits)),
            "failed as planted: " + ", ".join(f"{name} {count}" for name, count in planted),
            "seen: " + ", ".join(f"{count} {name}" for name, count in sorted(told.items()) if count),
        ]
    )
