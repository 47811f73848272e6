"""Whoever is killed at whatever moment: nothing is lost, runs twice, or lives on unguarded."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrate.agent import tree
from orchestrate.agent.address import socket_address
from orchestrate.agent.process import Exited, Runner, RunnerGone, Started
from tests.process.watch import (
    Watch,
    alive,
    eventually,
    kill,
    launch,
    leave_nothing,
    processes_with,
    server_with,
    shell,
)

pytestmark = pytest.mark.crash


def test_agents_outlive_the_server(tmp_path: Path) -> None:
    """A new server sees them live and gets their exits; each ran once."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = 'echo "$ORCHESTRATE_ATTEMPT_KEY" >> "$0"; read x < "$1"; exit 5'
    keys = [f"n{index}" for index in range(5)]
    witness = str(tmp_path / "witness")
    server = server_with(
        tmp_path,
        [launch(key, "/bin/sh", "-c", script, witness, str(gate)) for key in keys],
    )
    kill(server)
    watch = Watch(tmp_path)
    assert watch.runner.live == set(keys)
    watch.wait(lambda: all(watch.starts(key) for key in keys), "it tells of the living")
    writer = os.open(gate, os.O_RDWR)
    os.write(writer, b"go\n" * len(keys))
    for key in keys:
        assert watch.exited(key).code == 5
    os.close(writer)
    assert sorted(Path(witness).read_text().split()) == keys
    leave_nothing(watch)
    assert len([one for one in watch.said if isinstance(one, Exited)]) == len(keys)


def test_an_exit_waits_for_the_next_server(tmp_path: Path) -> None:
    """What ended while no server was there is told to the next; the runner has gone meanwhile."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    server = server_with(tmp_path, [launch("one", "/bin/sh", "-c", f"read x < {gate}; exit 6")])
    kill(server)
    assert processes_with(str(tmp_path))
    gate.write_text("go\n")
    eventually(lambda: not processes_with(str(tmp_path)), "the runner ends by itself")
    assert not (tmp_path / "runner.sock").exists()
    watch = Watch(tmp_path)
    assert watch.runner.live == set()
    assert watch.exited("one").code == 6
    leave_nothing(watch)
    assert not (tmp_path / "runner.journal").exists()


def test_deadlines_are_kept_without_a_server(tmp_path: Path) -> None:
    """The clock that counts is the runner's."""
    server = server_with(tmp_path, [shell("one", "sleep 60", timeout_s=0.3)])
    kill(server)
    eventually(lambda: not processes_with(str(tmp_path)), "it has ended, and the runner too")
    watch = Watch(tmp_path)
    assert watch.exited("one").reason == "timeout"
    leave_nothing(watch)


def test_a_killed_runner_leaves_nobody(watch: Watch) -> None:
    """The next one ends what is left, also daemons without environment, and says lost."""
    script = """
        (env -i /usr/bin/setsid /bin/sh -c "echo \\$\\$ > '$0.fresh'; /bin/mv '$0.fresh' '$0'
            exec /bin/sleep 61" &)
        setsid sleep 62 &
        exec sleep 63
    """
    place = watch.data / "daemon"
    watch.launch(launch("one", "/bin/sh", "-c", script, str(place)), shell("two", "exec sleep 64"))
    daemon = int(watch.wait_for_file(place))
    pids = [watch.started("one").pid, watch.started("two").pid, daemon]
    watch.kill_runner()
    assert all(alive(pid) for pid in pids)
    later = Watch(watch.data)
    assert later.runner.live == set()
    assert not [pid for pid in pids if alive(pid)]
    for key in ("one", "two"):
        end = later.exited(key)
        assert (end.reason, end.code) == ("lost", None)
        assert end.detail == (
            "the process that guarded it was killed, or the machine stopped; it was ended too"
        )
    leave_nothing(later)
    watch.runner = Runner.open(watch.data)


def test_an_exit_that_was_not_acknowledged_survives_both(tmp_path: Path) -> None:
    """Runner and server are killed right after the exit: it is told, and told as it was."""
    watch = Watch(tmp_path)
    watch.launch(shell("one", 'echo "v=1" > "$ORCHESTRATE_OUTPUT"; exit 9'), shell("two", "true"))
    first = watch.exited("one", acknowledge=False)
    watch.exited("two")
    watch.runner.ask(["never"])
    watch.wait(lambda: len(watch.said) == 5, "the runner has taken the acknowledgement")
    watch.kill_runner()
    later = Watch(tmp_path)
    later.wait(lambda: later.said, "it tells")
    assert later.said == [first]
    later.launch(shell("one", "exit 1"))
    later.wait(lambda: len(later.exits("one")) == 2, "the same answer to a second launch")
    assert later.exits("one")[1] == first
    leave_nothing(later)


def test_killed_between_claim_and_record(tmp_path: Path) -> None:
    """A directory without a word about it: it may have run, so it never runs again."""
    (tmp_path / "attempts" / "one").mkdir(parents=True)
    watch = Watch(tmp_path)
    end = watch.run(shell("one", "echo ran"))
    assert (end.reason, end.detail) == (
        "lost",
        "it was claimed, but what guarded it was killed and left no record of its end",
    )
    assert watch.log("one") == ""
    leave_nothing(watch)


def test_a_killed_runner_is_noticed(watch: Watch) -> None:
    """The connection ends, and says so to the one who listens."""
    watch.kill_runner()
    with pytest.raises(RunnerGone) as gone:
        watch.runner.receive()
    assert str(gone.value) == "the runner ended or closed the connection"
    watch.runner = Runner.open(watch.data)


def test_a_new_server_takes_the_place_of_the_old(watch: Watch) -> None:
    """There is one server; the connection that came last is its."""
    watch.launch(shell("one", "exec sleep 60"))
    begun = watch.started("one")
    later = Watch(watch.data)
    later.wait(lambda: later.said, "the greeting")
    assert later.said == [begun]
    assert isinstance(later.said[0], Started)
    with pytest.raises(RunnerGone):
        watch.wait(lambda: False, "the older connection ends")
    later.runner.stop("one", "cancelled")
    later.exited("one")
    watch.runner.close()
    watch.runner = later.runner


def test_a_second_runner_does_not_start(watch: Watch) -> None:
    """Two servers that open at the same time find the same one."""
    others = [Runner.open(watch.data) for _ in range(3)]
    assert {one.pid for one in others} == {watch.runner.pid}
    for one in others[:-1]:
        one.close()
    watch.runner.close()
    watch.runner = others[-1]


def test_a_runner_that_does_not_answer_is_not_waited_for(watch: Watch) -> None:
    """Stopped by hand, it is; the one who opens is told so in time."""
    os.kill(watch.runner.pid, signal.SIGSTOP)
    with pytest.raises(RunnerGone) as gone:
        Runner.open(watch.data, wait_s=0.3)
    assert str(gone.value) == (
        f"no runner for {watch.data} within 0.3 s: it does not answer;"
        f" runner.lock is held by process {watch.runner.pid}"
    )
    os.kill(watch.runner.pid, signal.SIGCONT)
    watch.runner.close()
    watch.runner = Runner.open(watch.data)


def test_many_servers_at_once_find_one_runner(tmp_path: Path) -> None:
    """Whoever wins the lock serves all who opened at the same moment."""
    opening = "import sys, pathlib; from orchestrate.agent.process import Runner;"
    opening += "runner = Runner.open(pathlib.Path(sys.argv[1])); print(runner.pid, flush=True);"
    opening += "sys.stdin.read()"
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", opening, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    found = {one.stdout.readline() for one in servers if one.stdout is not None}
    for one in servers:
        kill(one)
    assert len(found) == 1
    eventually(lambda: not processes_with(str(tmp_path)), "the runner ends")


def test_a_data_directory_with_a_long_name(tmp_path: Path) -> None:
    """A socket's path may have 107 bytes; a directory's need not fit."""
    data = tmp_path / ("d" * 120) / ("é" * 60)
    data.mkdir(parents=True)
    watch = Watch(data)
    assert watch.run(shell("one", "exit 2")).code == 2
    leave_nothing(watch)


def test_a_short_path_is_an_address_as_it_is(tmp_path: Path) -> None:
    """Only a path that is too long takes the way round."""
    with socket_address(tmp_path / "s") as address:
        assert address == str(tmp_path / "s")
    (tmp_path / ("x" * 120)).mkdir()
    with socket_address(tmp_path / ("x" * 120) / "s") as address:
        assert address.startswith("/proc/self/fd/")


def test_the_runner_is_private(watch: Watch) -> None:
    """Nobody else can speak to it or read what it keeps."""
    for name in ("runner.sock", "runner.journal", "runner.lock", "runner.log"):
        assert (watch.data / name).stat().st_mode & 0o077 == 0
    watch.run(shell("one", "echo x"))
    assert watch.directory("one").stat().st_mode & 0o077 == 0


def test_the_journal_stays_small(watch: Watch) -> None:
    """It is written anew when what counts is much less than what it holds."""
    watch.launch(shell("stays", "exec sleep 60"))
    script = 'head -c 300000 /dev/zero | tr "\\0" x > "$ORCHESTRATE_OUTPUT"'
    for index in range(12):
        assert len(watch.run(shell(f"n{index}", script)).output) == 300_000
    assert (watch.data / "runner.journal").stat().st_size < 2 << 20
    begun = watch.started("stays")
    watch.kill_runner()
    later = Watch(watch.data)
    later.exited("stays")
    assert {one.key for one in later.said} <= {"stays", "n11"}
    assert not alive(begun.pid)
    leave_nothing(later)
    watch.runner = Runner.open(watch.data)


def test_terminating_the_runner_by_hand_does_nothing(watch: Watch) -> None:
    """It ends when it is not needed; whoever shuts the machine down ends agents and server."""
    os.kill(watch.runner.pid, signal.SIGTERM)
    assert watch.run(shell("one", "true")).code == 0
    assert not tree.children(watch.runner.pid)
