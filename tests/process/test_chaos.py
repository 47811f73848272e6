"""Runner and server are killed at random moments, again and again; then the books are checked."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from orchestrate.agent.process import Exited, RunnerGone, Started, Unknown
from tests.process.watch import Watch, eventually, launch, leave_nothing, processes_with

ATTEMPTS = 150
AT_ONCE = 12
KILLS = 25
SCRIPT = 'echo "$ORCHESTRATE_ATTEMPT_KEY" >> "$0"; (setsid sleep 0.0"$1" &) ; sleep 0.0"$1"; exit 3'


class Server:
    """Keeps what a server commits: what it has dispatched, and what it was told of it."""

    def __init__(self, data: Path, witness: Path, chance: random.Random) -> None:
        self.data = data
        self.witness = witness
        self.chance = chance
        self.dispatched: list[str] = []
        self.ended: dict[str, Exited] = {}
        self.watch = Watch(data)

    def open_again(self) -> None:
        """Whatever is dispatched and not ended is asked for; what never ran is launched again."""
        self.watch = Watch(self.data)
        self.watch.runner.ask([key for key in self.dispatched if key not in self.ended])

    def launch(self, key: str) -> None:
        number = str(self.chance.randrange(10))
        self.watch.launch(launch(key, "/bin/sh", "-c", SCRIPT, str(self.witness), number))

    def turn(self) -> None:
        running = len(self.dispatched) - len(self.ended)
        while running < AT_ONCE and len(self.dispatched) < ATTEMPTS:
            key = f"n{len(self.dispatched)}"
            self.dispatched.append(key)
            self.launch(key)
            running += 1
        self.watch.said.clear()
        self.watch.listen(0.01)
        for one in self.watch.said:
            if isinstance(one, Exited):
                told = self.ended.setdefault(one.key, one)
                assert told == one or one.reason == "lost", "two different ends of one attempt"
                if self.chance.random() < 0.8:  # else the commit was lost in a crash
                    self.watch.runner.acknowledge([one.key])
            elif isinstance(one, Unknown):
                self.launch(one.key)
            else:
                assert isinstance(one, Started)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_run_twice(tmp_path: Path, seed: int) -> None:
    """Each attempt is witnessed at most once, has an end, and an end that was seen is kept."""
    chance = random.Random(seed)
    witness = tmp_path / "witness"
    witness.touch()
    server = Server(tmp_path, witness, chance)
    kills = 0
    kill_at = time.monotonic()
    while len(server.ended) < ATTEMPTS:
        try:
            server.turn()
            if kills < KILLS and time.monotonic() > kill_at:
                kills += 1
                kill_at = time.monotonic() + chance.uniform(0.001, 0.06)
                if chance.random() < 0.5:
                    os.kill(server.watch.runner.pid, signal.SIGKILL)
                if chance.random() < 0.7:
                    server.watch.runner.close()
                    server.open_again()
        except RunnerGone:
            server.watch.runner.close()
            server.open_again()
    ran = witness.read_text().split()
    assert len(ran) == len(set(ran)), "an attempt ran twice"
    for key, end in server.ended.items():
        assert (end.reason, end.code) in (("exited", 3), ("lost", None)), (key, end)
        assert end.reason == "lost" or key in ran
    leave_nothing(server.watch)
    eventually(lambda: not processes_with(str(tmp_path)), "nobody is left")
    assert kills > KILLS / 2
