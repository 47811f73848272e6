"""One attempt from its launch to its exit: what it is given, and what is said of it."""

import json
import os
import resource
import sys
import time
from pathlib import Path

import pytest

from orchestrate.agent.process import Exited, Launch, Unknown
from tests.process.watch import ENV, Watch, launch, python, shell


def test_an_attempt_starts_and_exits(watch: Watch) -> None:
    """Its exit tells code, times, process and use, and comes after its start."""
    before = time.time()
    end = watch.run(shell("one", "echo hello; exit 7"))
    assert [type(one).__name__ for one in watch.said] == ["Started", "Exited"]
    assert (end.code, end.signal, end.reason) == (7, None, "exited")
    assert end.started_at is not None
    assert before <= end.started_at <= end.ended_at <= time.time()
    assert end.pid == watch.starts("one")[0].pid
    assert end.cpu_s >= 0
    assert end.maxrss_kb > 0
    assert (end.leftovers_killed, end.log_truncated, end.detail) == (0, False, "")
    assert watch.log("one") == "hello\n"


def test_a_signal_is_told_apart_from_a_code(watch: Watch) -> None:
    """Killed by a signal, an attempt has no code."""
    end = watch.run(shell("one", "kill -9 $$"))
    assert (end.code, end.signal, end.reason) == (None, 9, "exited")


def test_output_is_handed_over_as_it_was_written(watch: Watch) -> None:
    """The text of the output file is in the exit record, unread."""
    end = watch.run(shell("one", 'printf "a=1\\nb=é" >> "$ORCHESTRATE_OUTPUT"'))
    assert (end.output, end.output_error) == ("a=1\nb=é", None)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (
            'head -c 1048577 /dev/zero > "$ORCHESTRATE_OUTPUT"',
            "the output file has 1048577 bytes; at most 1048576 are allowed",
        ),
        (
            'rm "$ORCHESTRATE_OUTPUT"; ln -s /etc/passwd "$ORCHESTRATE_OUTPUT"',
            "the output file was replaced by something that is not a regular file",
        ),
        (
            'rm "$ORCHESTRATE_OUTPUT"; mkfifo "$ORCHESTRATE_OUTPUT"',
            "the output file was replaced by something that is not a regular file",
        ),
        (
            'printf "ab\\377" > "$ORCHESTRATE_OUTPUT"',
            "the output file is not UTF-8: byte 2 is 0xff",
        ),
        ('rm "$ORCHESTRATE_OUTPUT"', None),
    ],
)
def test_output_that_cannot_be_taken_says_why(watch: Watch, script: str, error: str) -> None:
    """Whatever became of the output file, the attempt has an exit."""
    end = watch.run(shell("one", script))
    assert (end.code, end.output, end.output_error) == (0, "", error)


def test_context_and_task_arrive(watch: Watch) -> None:
    """The context is a file, the task is standard input to its end, artifacts have a place."""
    script = """
        cat "$ORCHESTRATE_CONTEXT"; printf ' '; cat; printf ' '
        test -d "$ORCHESTRATE_ARTIFACTS" && echo artifacts
    """
    watch.run(shell("one", script, stdin="the tâsk", context='{"a": "ü"}'))
    assert watch.log("one") == '{"a": "ü"} the tâsk artifacts\n'


def test_a_task_of_five_megabytes_arrives(watch: Watch) -> None:
    """More than any pipe holds, and read slowly or not at all, it holds up nobody."""
    task = "0123456789abcdé\n" * (5 << 16)
    watch.launch(shell("slow", "read x; exit 3", stdin=task), shell("whole", "wc -c", stdin=task))
    assert watch.exited("slow").code == 3
    assert watch.exited("whole").code == 0
    assert int(watch.log("whole")) == len(task.encode())


def test_the_environment_is_what_was_given_and_four_names(watch: Watch) -> None:
    """Nothing of the server's or the runner's own environment reaches an agent."""
    given = {"PATH": "/usr/bin:/bin", "ODD": "a\nb=c", "BYTES": os.fsdecode(b"\xff\xfe")}
    script = "import os, json; print(json.dumps(dict(os.environ)))"
    watch.run(launch("one", sys.executable, "-I", "-S", "-c", script, env=given))
    found = json.loads(watch.log("one"))
    found.pop("LC_CTYPE", None)  # Python sets it for itself
    home = str(watch.directory("one"))
    assert found == {
        **given,
        "ORCHESTRATE_ATTEMPT_KEY": "one",
        "ORCHESTRATE_CONTEXT": f"{home}/context.json",
        "ORCHESTRATE_OUTPUT": f"{home}/output",
        "ORCHESTRATE_ARTIFACTS": f"{home}/artifacts",
    }


def test_an_agent_inherits_nothing_else(watch: Watch, tmp_path: Path) -> None:
    """Three descriptors, ordinary signals, its own session, the directory it was given."""
    script = """
        import os, resource, signal
        print(sorted(map(int, os.listdir("/proc/self/fd")))[:-1])
        print(os.getsid(0) == os.getpid(), os.getcwd())
        text = open("/proc/self/status").read()
        ignored, blocked = (text.split(word)[1].split()[0] for word in ("SigIgn:", "SigBlk:"))
        own = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1  # Python's
        print(int(ignored, 16) & 0x7fffffff & ~own, blocked)  # two of libc's come above
        print(resource.getrlimit(resource.RLIMIT_NOFILE))
    """
    watch.run(python("one", script, cwd=str(tmp_path)))
    assert watch.log("one").splitlines() == [
        "[0, 1, 2]",
        f"True {tmp_path}",
        "0 0000000000000000",
        str(resource.getrlimit(resource.RLIMIT_NOFILE)),
    ]


def test_a_shell_with_a_broken_pipe_ends_quietly(watch: Watch) -> None:
    """SIGPIPE is not ignored: `yes | head` ends."""
    assert watch.run(shell("one", "yes | head -n 1")).code == 0


NOWHERE = "/nowhere/at/all"


@pytest.mark.parametrize(
    ("argv", "more", "detail"),
    [
        (["no-such"], {}, "the program 'no-such' was not found in PATH (/usr/bin:/bin)"),
        (
            ["no-such"],
            {"env": {}},
            "the program 'no-such' was not found because PATH is empty or not set",
        ),
        ([NOWHERE], {}, f"the program {NOWHERE} does not exist"),
        (["/etc/passwd"], {}, "the program /etc/passwd is not an executable file"),
        (["/etc"], {}, "the program /etc is not an executable file"),
        (
            ["/bin/true"],
            {"cwd": NOWHERE},
            f"the working directory {NOWHERE}: No such file or directory",
        ),
        (
            ["/bin/true", "x" * 200_000],
            {},
            (
                "the arguments and the environment of /bin/true are too long for the system;"
                " one value may have 128 KiB; pass long text by the task or the context"
            ),
        ),
        (
            ["/bin/true", "a\0b"],
            {},
            "an argument or a variable of the environment is malformed: embedded null byte",
        ),
        ([], {}, "no program is named: argv is empty"),
    ],
)
def test_what_cannot_start_says_why(
    watch: Watch, argv: list[str], more: dict[str, object], detail: str
) -> None:
    """A start failure is an exit like any other, with a sentence for a person."""
    end = watch.run(launch("one", *argv, **more))
    assert (end.reason, end.code, end.pid) == ("start_failed", None, None)
    assert end.detail == detail
    assert [type(one).__name__ for one in watch.said] == ["Exited"]


def test_scripts_that_cannot_start_say_why(watch: Watch, tmp_path: Path) -> None:
    """A missing interpreter is not a missing script."""
    script = tmp_path / "script"
    script.write_text("#!/nowhere/python\n")
    script.chmod(0o755)
    plain = tmp_path / "plain"
    plain.write_text("\x01 no program\n")
    plain.chmod(0o755)
    one = watch.run(launch("one", str(script)))
    assert one.detail == (f"the interpreter that {script} names in its first line does not exist")
    two = watch.run(launch("two", str(plain)))
    assert two.detail == (
        f"{plain} is neither a program for this machine nor a script with a #! line"
    )


def test_a_secret_in_a_start_failure_is_hidden(watch: Watch) -> None:
    """The sentence is an event of the run, and shown."""
    end = watch.run(launch("one", "tool-s3cr3t-value", mask=("s3cr3t-value",)))
    assert end.detail == "the program 'tool-***' was not found in PATH (/usr/bin:/bin)"


def test_a_launch_that_is_too_long_fails_to_start(watch: Watch) -> None:
    """The limit is named; the attempt is claimed, so it can never start by another way."""
    end = watch.run(shell("one", "true", stdin="x" * (33 << 20)))
    assert end.reason == "start_failed"
    assert end.detail.endswith("bytes together; at most 33554432 are allowed")
    assert watch.directory("one").is_dir()


def test_a_key_is_launched_once(watch: Watch, tmp_path: Path) -> None:
    """Alive it is answered with its start, ended with its exit, forgotten with lost."""
    again = shell("one", f"echo run >> {tmp_path}/witness; read x < {tmp_path}/fifo")
    os.mkfifo(tmp_path / "fifo")
    watch.launch(again)
    watch.started("one")
    watch.launch(again)
    watch.wait(lambda: len(watch.starts("one")) == 2, "the second answer")
    assert watch.starts("one")[0] == watch.starts("one")[1]
    (tmp_path / "fifo").write_text("go\n")
    first = watch.exited("one", acknowledge=False)
    watch.launch(again)
    watch.wait(lambda: len(watch.exits("one")) == 2, "the exit again")
    assert watch.exits("one")[1] == first
    watch.runner.acknowledge(["one"])
    watch.launch(again)
    watch.wait(lambda: len(watch.exits("one")) == 3, "an answer after the acknowledgement")
    assert watch.exits("one")[2].reason == "lost"
    assert (tmp_path / "witness").read_text() == "run\n"


def test_one_can_ask_what_became_of_attempts(watch: Watch) -> None:
    """Of what was never claimed it is said that nothing ever ran."""
    watch.launch(shell("live", "sleep 60"), shell("over", "exit 4"))
    watch.exited("over", acknowledge=False)
    watch.started("live")
    watch.said.clear()
    watch.runner.ask(["live", "never", "over", "../up"])
    watch.wait(lambda: len(watch.said) == 4, "four answers")
    assert [type(one).__name__ for one in watch.said] == [
        "Started",
        "Unknown",
        "Exited",
        "Unknown",
    ]
    assert watch.said[1] == Unknown(key="never")
    assert isinstance(watch.said[2], Exited)
    watch.runner.stop("never", "cancelled")
    watch.wait(lambda: len(watch.said) == 5, "an answer to a stop of nothing")
    assert watch.said[4] == Unknown(key="never")
    watch.runner.stop("live", "cancelled")
    assert watch.exited("live").reason == "cancelled"


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", ".hidden", "a" * 129, "a b", "é"])
def test_a_key_is_a_plain_name(key: str) -> None:
    """It names a directory, so nothing else is ever sent."""
    with pytest.raises(AssertionError):
        Launch(key=key, argv=(), env={}, cwd="/", stdin="", context="", timeout_s=None)


def test_two_hundred_at_once(watch: Watch) -> None:
    """Each has its own exit, output and log."""
    keys = [f"n{index}" for index in range(200)]
    script = 'echo "$ORCHESTRATE_ATTEMPT_KEY"; cat >> "$ORCHESTRATE_OUTPUT"; read x < "$0"'
    gate = watch.data / "gate"
    os.mkfifo(gate)
    watch.launch(
        *(launch(key, "/bin/sh", "-c", script, str(gate), stdin=f"key={key}") for key in keys)
    )
    watch.wait(lambda: all(watch.starts(key) for key in keys), "all start")
    writer = os.open(gate, os.O_RDWR)
    os.write(writer, b"go\n" * len(keys))
    watch.wait(lambda: all(watch.exits(key) for key in keys), "all exit")
    os.close(writer)
    for key in keys:
        (end,) = watch.exits(key)
        assert (end.code, end.output, watch.log(key)) == (0, f"key={key}", f"{key}\n")
    watch.runner.acknowledge(keys)


def test_path_is_the_agents_own(watch: Watch, tmp_path: Path) -> None:
    """A program is looked for where the agent's PATH says, also relative to its directory."""
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    watch.run(launch("one", "tool", env={"PATH": f"/nowhere:{tool.parent}:/bin"}))
    watch.run(launch("two", "bin/tool", env=ENV, cwd=str(tmp_path)))
    assert (watch.log("one"), watch.log("two")) == ("found\n", "found\n")
