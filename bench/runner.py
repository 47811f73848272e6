"""What the runner costs beside the barest loop that starts a program; it measures, and judges not.

python -m bench.runner
"""

import os
import select
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestrate.agent.process import Exited, Launch, Runner

STAGES = 200
AT_ONCE = 32
ROUNDS = 3
ENV = {"PATH": "/usr/bin:/bin"}


def bare() -> None:
    for _ in range(STAGES):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], ENV), 0)


def bare_with_commit(data: Path) -> None:
    """One fsynced commit a stage: the least that anything durable can do."""
    with sqlite3.connect(data / "bare.db", isolation_level=None) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        store.execute("CREATE TABLE IF NOT EXISTS stage (pid INTEGER, status INTEGER)")
        for _ in range(STAGES):
            pid = os.posix_spawn("/bin/true", ["true"], ENV)
            _, status = os.waitpid(pid, 0)
            store.execute("INSERT INTO stage VALUES (?, ?)", (pid, status))
    store.close()


class Stages:
    """Attempts through a runner, so many at a time."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.count = 0

    def launch(self, count: int) -> None:
        keys = [f"stage-{self.count + index}" for index in range(count)]
        self.count += count
        self.runner.launch(
            [
                Launch(
                    key=key,
                    argv=("true",),
                    env=ENV,
                    cwd="/",
                    stdin="Do it.",
                    context='{"run": "bench"}',
                    timeout_s=3600.0,
                )
                for key in keys
            ]
        )

    def run(self, at_once: int) -> None:
        self.launch(at_once)
        asked, left = at_once, STAGES
        while left:
            select.select([self.runner], [], [])
            ended = [one.key for one in self.runner.receive() if isinstance(one, Exited)]
            if not ended:
                continue
            self.runner.acknowledge(ended)
            left -= len(ended)
            following = min(len(ended), STAGES - asked)
            asked += following
            if following:
                self.launch(following)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def best_ms(work: Callable[[], None]) -> float:
    """Milliseconds a stage, in the best of a few rounds: the machine is shared."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) / STAGES * 1e3)
    return min(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        runner = Runner.open(data)
        stages = Stages(runner)
        rows = [
            ("posix_spawn and wait, nothing else", best_ms(bare)),
            ("the same and an fsynced SQLite commit", best_ms(lambda: bare_with_commit(data))),
            ("runner, one after the other", best_ms(lambda: stages.run(1))),
        ]
        spent = cpu_s(runner.pid)
        rows.append((f"runner, {AT_ONCE} at once", best_ms(lambda: stages.run(AT_ONCE))))
        rows.append(
            ("  processor time of the runner", (cpu_s(runner.pid) - spent) / STAGES / ROUNDS * 1e3)
        )
        print(f"{'':42}{'ms a stage':>10}{'x spawn':>9}{'x commit':>10}")
        for label, cost_ms in rows:
            print(
                f"{label:42}{cost_ms:10.2f}{cost_ms / rows[0][1]:9.2f}{cost_ms / rows[1][1]:10.2f}"
            )
        memory = Path(f"/proc/{runner.pid}/status").read_text()
        print(next(line for line in memory.splitlines() if line.startswith("VmHWM")))
        runner.close()


if __name__ == "__main__":
    main()
