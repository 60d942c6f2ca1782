"""The queue beside eight others: enqueue, drain, idle latency, memory, and what a kill costs; all in one run.

Each system runs in a virtual environment of its own, with its own default settings, on one Redis. Rates are items per
second; ratios hold within a run, absolute numbers only for the machine they were taken on.
"""

import argparse
import ast
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
VENVS = HERE / ".venvs"
SYSTEMS = ["ours", "celery", "rq", "dramatiq", "huey", "arq", "saq", "taskiq", "streaq"]
BULK, SINGLE, DRAIN, LATENCY, KILL = 10_000, 500, 5_000, 60, 200
WORK_S = 0.05


def module_of(system: str) -> str:
    return "ours" if system == "ours" else f"{system}_peer"


def python_of(system: str) -> str:
    """The interpreter of a system's own environment, made when it is not there."""
    if system == "ours":
        return sys.executable
    python = VENVS / system / "bin" / "python"
    if not python.exists():
        needed = requirements_of(system)
        print(f"setting up {system} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(VENVS / system)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *needed], check=True)
    return str(python)


def requirements_of(system: str) -> list[str]:
    """What a peer's file lists to be installed, read without importing it."""
    for node in ast.parse((PEERS / f"{system}_peer.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUIREMENTS":
            return list(ast.literal_eval(node.value))
    return []


class Bench:
    """One system on one Redis; its log tells when each job began and ended."""

    def __init__(self, system: str, redis_port: int, folder: Path) -> None:
        self.system, self.python, self.folder = system, python_of(system), folder
        self.port = redis_port
        self.log = folder / f"{system}.log"

    def environment(self, **more: str) -> dict[str, str]:
        paths = [str(PEERS), str(HERE.parent)] if self.system == "ours" else [str(PEERS)]
        own = {"BENCH_LOG": str(self.log), "BENCH_REDIS_PORT": str(self.port), "PYTHONPATH": os.pathsep.join(paths)}
        return {**os.environ, **own, "PYTHONWARNINGS": "ignore", **more}

    def send(self, call: str, numbers: str) -> float:
        """Seconds that a producer takes for `call(numbers)`, without its start."""
        timed = f"t = time.perf_counter(); m.{call}({numbers}); print('took', time.perf_counter() - t)"
        code = f"import time, {module_of(self.system)} as m; {timed}"
        argv = [self.python, "-c", code]
        done = subprocess.run(argv, env=self.environment(), cwd=PEERS, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.system}: {done.stderr[-600:]}")
        return float(done.stdout.split("took")[1])

    @contextlib.contextmanager
    def workers(self, count: int = 1, **more: str) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Worker programs; killed with all they started afterwards."""
        code = f"import {module_of(self.system)} as m, json; print(json.dumps(m.WORKER))"
        argv = json.loads(self.output(code))
        running = [self.start(argv, **more) for _ in range(count)]
        try:
            yield running
        finally:
            for worker in running:
                kill_tree(worker)

    def output(self, code: str) -> str:
        """What a program in the system's own environment prints."""
        argv = [self.python, "-c", code]
        return subprocess.run(argv, env=self.environment(), cwd=PEERS, capture_output=True, text=True, check=True).stdout

    def start(self, argv: list[str], **more: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{self.system}.err").open("ab") as errors:
            return subprocess.Popen(
                argv, env=self.environment(**more), cwd=PEERS, stdout=errors, stderr=errors, start_new_session=True
            )

    def lines(self, letter: str = "S") -> list[tuple[int, int]]:
        """(time in ns, number) of every job that began (S) or ended (E)."""
        if not self.log.exists():
            return []
        rows = [line.split() for line in self.log.read_text().splitlines()]
        return [(int(row[1]), int(row[2])) for row in rows if len(row) == 3 and row[0] == letter]

    def wait_for(self, count: int, letter: str = "S", limit_s: float = 120.0) -> list[tuple[int, int]]:
        deadline = time.monotonic() + limit_s
        while len(found := self.lines(letter)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def clean(self) -> None:
        self.log.unlink(missing_ok=True)
        redis_command(self.port, "FLUSHALL")


def kill_tree(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def redis_command(port: int, *words: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.recv(65_536)


def used_memory(port: int) -> int:
    return int(redis_command(port, "INFO", "memory").split(b"used_memory:")[1].split(b"\r")[0])


def pss_mb(worker: subprocess.Popen[bytes]) -> float:
    """Proportional set size of a worker's session, in MB."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == worker.pid:
                rollup = (process / "smaps_rollup").read_text()
                total += int(rollup.split("Pss:")[1].split()[0])
        except (OSError, IndexError):
            continue
    return total / 1024


def drained(bench: Bench, workers: int, **more: str) -> tuple[float, float]:
    """Items per second from the first job's start to the last's, and seconds from process start to the first."""
    bench.clean()
    bench.send("enqueue_bulk", f"range({DRAIN})")
    began = time.time_ns()
    with bench.workers(workers, **more):
        lines = bench.wait_for(DRAIN)
    times = [at for at, _ in lines]
    return (len(times) - 1) / max(1e-9, (max(times) - min(times)) / 1e9), (min(times) - began) / 1e9


def latencies(bench: Bench) -> tuple[float, float, float]:
    """Idle latency p50 and p99 in ms, and the warm worker's PSS."""
    bench.clean()
    code = f"""
import random, sys, time, {module_of(bench.system)} as m
for number in range({LATENCY} + 3):
    time.sleep(random.uniform(0.02, 0.12))
    print(number, time.time_ns(), flush=True)
    m.enqueue([number])
"""
    with bench.workers() as (worker,):
        time.sleep(3)
        sent = bench.output(code)
        lines = bench.wait_for(LATENCY + 3, limit_s=20)
        memory = pss_mb(worker)
    started = {number: at for at, number in lines}
    begun = {int(number): int(at) for number, at in (line.split() for line in sent.splitlines() if line[:1].isdigit())}
    waits = sorted((started[number] - at) / 1e6 for number, at in begun.items() if number in started and number >= 3)
    return statistics.median(waits), waits[min(len(waits) - 1, int(len(waits) * 0.99))], memory


def killed(bench: Bench, watch_s: float) -> dict[str, Any]:
    """200 jobs of 50 ms; the worker killed after 60, started again 3 s later: what is lost, run twice, and when all is done."""
    bench.clean()
    bench.send("enqueue_bulk", f"range({KILL})")
    slow = {"BENCH_WORK_S": str(WORK_S)}
    with bench.workers(**slow) as (worker,):
        bench.wait_for(60, "E", 60)
        kill_tree(worker)
        at = time.time()
    time.sleep(3)
    with bench.workers(**slow):
        deadline = time.monotonic() + watch_s
        while time.monotonic() < deadline and len({number for _, number in bench.lines("E")}) < KILL:
            time.sleep(0.1)
    ended, begun = bench.lines("E"), Counter(number for _, number in bench.lines("S"))
    missing = KILL - len({number for _, number in ended})
    last = max(when for when, _ in ended) / 1e9 - at
    return {
        "not_done": missing,
        "begun_twice": sum(count - 1 for count in begun.values()),
        "all_done_s": None if missing else round(last, 1),
    }


def measure(bench: Bench, watch_s: float) -> dict[str, Any]:
    """Every figure of one system."""
    bench.clean()
    single = SINGLE / bench.send("enqueue", f"range({SINGLE})")
    bench.clean()
    before = used_memory(bench.port)
    bulk = BULK / bench.send("enqueue_bulk", f"range({BULK})")
    per_item = (used_memory(bench.port) - before) / BULK
    drain_1, first = drained(bench, 1)
    drain_2, _ = drained(bench, 2)
    p50, p99, memory = latencies(bench)
    row: dict[str, Any] = {
        "system": bench.system,
        "enqueue_single_per_s": round(single),
        "enqueue_bulk_per_s": round(bulk),
        "drain_1_per_s": round(drain_1),
        "drain_2_per_s": round(drain_2),
        "idle_p50_ms": round(p50, 2),
        "idle_p99_ms": round(p99, 2),
        "first_item_s": round(first, 3),
        "pss_mb": round(memory, 1),
        "bytes_per_item": round(per_item),
        **killed(bench, watch_s),
    }
    if bench.system == "ours":
        row["drain_1_acks_each_per_s"] = round(drained(bench, 1, BENCH_BATCH="1")[0])
    return row


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """A redis-server without persistence on a free port of this machine."""
    sys.path.insert(0, str(HERE.parent))
    from console.embedded_redis import find_redis_server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    argv = [str(find_redis_server()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                redis_command(port, "PING")
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield port
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Measure, print; see --help."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems, separated by commas")
    parser.add_argument("--json", action="store_true", help='print {"rows": […]}')
    parser.add_argument("--watch", type=float, default=30.0, help="seconds to watch for recovery after the kill")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    unknown = set(chosen) - set(SYSTEMS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}")
    random.seed(1)
    rows = []
    with tempfile.TemporaryDirectory(prefix="sb-bench-") as name, redis_server(Path(name)) as port:
        for system in chosen:
            print(f"measuring {system} ...", file=sys.stderr)
            try:
                rows.append(measure(Bench(system, port, Path(name)), arguments.watch))
            except Exception as error:  # one system's trouble is a row, not the end
                rows.append({"system": system, "error": str(error)[-300:]})
    print(json.dumps({"rows": rows}, indent=2) if arguments.json else as_table(rows))


def as_table(rows: list[dict[str, Any]]) -> str:
    """The rows, a system each, and our ratio to the best of the others."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "system"))
    lines = ["system".ljust(10) + "".join(name.rjust(len(name) + 2) for name in names)]
    for row in rows:
        lines.append(row["system"].ljust(10) + "".join(str(row.get(name, "–")).rjust(len(name) + 2) for name in names))
    ours = next((row for row in rows if row["system"] == "ours"), None)
    for name in ("enqueue_bulk_per_s", "drain_1_per_s"):
        others = [row[name] for row in rows if row["system"] != "ours" and name in row]
        if ours and others and name in ours:
            lines.append(f"{name}: ours is {ours[name] / max(others):.1f} × the best of the others")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
