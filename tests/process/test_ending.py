"""An attempt ends whole: at its deadline, on cancel, or by itself, nothing of it lives on."""

import os
import time
from pathlib import Path

import pytest

from orchestrate.agent import orphans, tree
from tests.process.watch import Watch, alive, eventually, launch, processes_with, python, shell

# A tree that does not want to end: it ignores SIGTERM, sits in sessions of its own, has lost its
# parents, and one part of it has an empty environment. Each part writes its number to a file.
STUBBORN = """
    note() { echo $1 > "$0.$2.fresh"; mv "$0.$2.fresh" "$0.$2"; }
    trap '' TERM
    setsid sh -c "trap '' TERM; echo \\$\\$ > '$0.session.fresh'; mv '$0.session.fresh' '$0.session'
        while :; do sleep 61; done" &
    (setsid sh -c "trap '' TERM; echo \\$\\$ > '$0.daemon.fresh'; mv '$0.daemon.fresh' '$0.daemon'
        while :; do sleep 62; done" &)
    (env -i /usr/bin/setsid /bin/sh -c "trap '' TERM; echo \\$\\$ > '$0.bare.fresh'
        /bin/mv '$0.bare.fresh' '$0.bare'; while :; do /bin/sleep 63; done" &)
    note $$ leader
    while :; do sleep 64; done
"""
PARTS = ("leader", "session", "daemon", "bare")


def stubborn(watch: Watch, key: str, **more: object) -> dict[str, int]:
    """The processes of such a tree, once all of them are there."""
    place = watch.data / key
    watch.launch(launch(key, "/bin/sh", "-c", STUBBORN, str(place), **more))
    return {part: int(watch.wait_for_file(Path(f"{place}.{part}"))) for part in PARTS}


def test_cancel_ends_a_stubborn_tree(watch: Watch) -> None:
    """SIGTERM to all, and after the grace SIGKILL until none is left."""
    pids = stubborn(watch, "one", grace_s=0.3)
    begun = time.monotonic()
    watch.runner.stop("one", "cancelled")
    watch.runner.stop("one", "timeout")
    end = watch.exited("one")
    assert time.monotonic() - begun >= 0.3
    assert (end.reason, end.signal) == ("cancelled", 9)
    assert end.leftovers_killed >= len(pids) - 1
    assert not [pid for pid in pids.values() if alive(pid)]


def test_a_deadline_is_kept(watch: Watch) -> None:
    """The reason says that it was the deadline; a willing process gets SIGTERM only."""
    begun = time.monotonic()
    end = watch.run(shell("one", "exec sleep 60", timeout_s=0.2))
    assert 0.2 <= time.monotonic() - begun < 5
    assert (end.reason, end.signal, end.leftovers_killed) == ("timeout", 15, 0)


def test_silence_is_noticed(watch: Watch) -> None:
    """Output puts the idle deadline off; its absence ends the attempt."""
    script = "for i in 1 2 3 4; do echo $i; sleep 0.1; done; sleep 60"
    begun = time.monotonic()
    end = watch.run(shell("one", script, idle_timeout_s=0.3))
    assert time.monotonic() - begun >= 0.6
    assert end.reason == "idle_timeout"
    assert watch.log("one") == "1\n2\n3\n4\n"


def test_the_grace_is_the_whole_trees(watch: Watch) -> None:
    """A shell that dies at once does not take the time to tidy up from what it called."""
    script = """
        import os, signal, subprocess, sys, time
        child = '''
        import os, signal, sys, time
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print("ready", flush=True)
        signal.sigwait([signal.SIGTERM])
        time.sleep(0.3)
        open(os.environ["ORCHESTRATE_OUTPUT"], "a").write("tidy=yes")
        '''
        subprocess.run([sys.executable, "-c", "\\n".join(map(str.strip, child.splitlines()))])
    """
    watch.launch(python("one", script))
    watch.wait(lambda: "ready" in watch.log("one"), "the child is ready")
    watch.runner.stop("one", "cancelled")
    end = watch.exited("one")
    assert (end.reason, end.signal, end.output) == ("cancelled", 15, "tidy=yes")
    assert end.leftovers_killed == 0


@pytest.mark.parametrize(
    "how",
    [
        "sleep 61 &",
        "(setsid sleep 61 &)",
        "(setsid sh -c 'sleep 61 & sleep 61 & wait' &)",
        "(env -i /usr/bin/setsid /bin/sleep 61 >/dev/null 2>&1 </dev/null &)",
        "nohup sleep 61 >/dev/null 2>&1 &",
    ],
)
def test_what_a_leader_leaves_is_ended_and_counted(watch: Watch, how: str) -> None:
    """Success is reported when nothing of the attempt lives, not before."""
    end = watch.run(shell("one", f"{how}\nexit 0"))
    assert (end.code, end.reason) == (0, "exited")
    assert 1 <= end.leftovers_killed <= 4
    assert not tree.children(watch.runner.pid)


def test_a_daemon_outlives_other_attempts(watch: Watch) -> None:
    """Whose orphan it is, is told by its mark: it ends with its own attempt and no other."""
    daemon = """
        (env -i /usr/bin/setsid /bin/sh -c "echo \\$\\$ > '$0.fresh'; /bin/mv '$0.fresh' '$0'
            exec /bin/sleep 61" &)
        exec sleep 62
    """
    place = watch.data / "daemon"
    watch.launch(launch("host", "/bin/sh", "-c", daemon, str(place)))
    pid = int(watch.wait_for_file(place))
    eventually(lambda: pid in tree.children(watch.runner.pid), "the runner adopts it")
    for key in ("a", "b"):
        assert watch.run(shell(key, "sleep 61 & true")).leftovers_killed == 1
    assert alive(pid)
    watch.runner.stop("host", "cancelled")
    assert watch.exited("host").reason == "cancelled"
    assert not alive(pid)


def test_an_orphan_without_any_mark_is_ended_with_its_last_candidate(watch: Watch) -> None:
    """Somebody who erases the mark on purpose gains the life of an older attempt, no more."""
    erase = """
        import os, resource
        ready, closed_by_exec = os.pipe()
        if os.fork() == 0:
            os.setsid()
            resource.setrlimit(10, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            os.execve("/bin/sleep", ["sleep", "61"], {})
        os.close(closed_by_exec)
        os.read(ready, 1)
    """
    watch.launch(shell("older", "echo ready; exec sleep 62"))
    watch.wait(lambda: watch.log("older") == "ready\n", "the older attempt runs")
    assert watch.run(python("one", erase)).code == 0
    (pid,) = set(tree.children(watch.runner.pid)) - {watch.started("older").pid}
    assert tree.lock_limit(pid) is None
    watch.launch(shell("younger", "exec sleep 62"))
    watch.started("younger")
    watch.runner.stop("younger", "cancelled")
    watch.exited("younger")
    assert alive(pid)
    watch.runner.stop("older", "cancelled")
    watch.exited("older")
    eventually(lambda: not alive(pid), "the orphan is ended")


def test_the_mark_is_on_everything_an_attempt_starts(watch: Watch) -> None:
    """Through fork, exec, a new session and an empty environment."""
    pids = stubborn(watch, "one", grace_s=0.0)
    marks = {tree.lock_limit(pid) for pid in pids.values()}
    assert len(marks) == 1
    (mark,) = marks
    assert mark is not None
    assert orphans.instance_of(mark) > 0
    assert tree.lock_limit(watch.runner.pid) == tree.lock_limit(os.getpid())
    watch.runner.stop("one", "cancelled")
    watch.exited("one")


def test_a_process_that_forks_away_from_its_killer_is_caught(watch: Watch) -> None:
    """Each generation forks and dies; the passes go on until none is left."""
    script = """
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("running", flush=True)
        for _ in range(4):
            os.fork()
        while True:
            if os.fork():
                os._exit(0)
            os.setsid()
            time.sleep(0.0005)
        """
    end = watch.run(python("one-that-forks-away", script, grace_s=0.1))
    assert end.leftovers_killed > 0
    assert not processes_with("one-that-forks-away")
    assert not tree.children(watch.runner.pid)


def test_an_idle_runner_does_not_wake(watch: Watch) -> None:
    """With an attempt alive and nothing to do, it sleeps until somebody calls."""
    watch.launch(shell("one", "exec sleep 60", timeout_s=3600))
    watch.started("one")
    status = Path(f"/proc/{watch.runner.pid}/status")

    def switches() -> str:
        return next(
            line for line in status.read_text().splitlines() if line.startswith("voluntary")
        )

    def at_rest() -> bool:
        before = switches()
        watch.listen(0.01)
        return switches() == before

    eventually(at_rest, "it comes to rest")
    calm = switches()
    deadline = time.monotonic() + 0.5
    eventually(lambda: time.monotonic() > deadline, "half a second")
    assert switches() == calm
    watch.runner.stop("one", "cancelled")
    watch.exited("one")
