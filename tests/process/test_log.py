"""The log of an attempt: whole lines, bounded, and never in the way of the attempt."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrate.agent import log as log_module
from orchestrate.agent.log import Log
from orchestrate.agent.log_reader import read_log, tail
from tests.process.watch import Watch, launch, leave_nothing, python, shell


def everything(directory: Path, offset: int = 0) -> tuple[list[dict[str, object]], int]:
    records: list[dict[str, object]] = []
    while True:
        text, following = read_log(directory, offset)
        if following == offset:
            return records, offset
        records += [json.loads(line) for line in text.splitlines()]
        offset = following


def text_of(records: list[dict[str, object]]) -> str:
    return "".join(str(one["text"]) for one in records)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test can reach in a moment."""
    monkeypatch.setattr(log_module, "HEAD_BYTES_MAX", 2000)
    monkeypatch.setattr(log_module, "SEGMENT_BYTES_MAX", 500)
    monkeypatch.setattr(log_module, "SEGMENTS_MAX", 4)


def test_records_are_whole_lines(tmp_path: Path) -> None:
    """A part of a line waits for its end; the end of the output is an end."""
    log = Log(str(tmp_path), None)
    log.feed(b"one\ntw", 1.0)
    log.feed(b"o\nthree", 2.5)
    log.close(3.0)
    assert everything(tmp_path)[0] == [
        {"t": 1.0, "text": "one\n"},
        {"t": 2.5, "text": "two\n"},
        {"t": 3.0, "text": "three"},
    ]


@pytest.mark.parametrize("offset", [1 << 20, 1 << 53, 1 << 63, 1 << 70])
def test_a_place_beyond_the_end_is_the_end(tmp_path: Path, offset: int) -> None:
    """Also one that no system can seek to."""
    log = Log(str(tmp_path), None)
    log.feed(b"one\n", 1.0)
    log.close(2.0)
    assert read_log(tmp_path, offset) == ("", offset)


def test_nothing_written_is_nothing_read(tmp_path: Path) -> None:
    """Most short attempts say nothing, and have no log file."""
    log = Log(str(tmp_path), None)
    log.close(1.0)
    assert log.bytes_written == 0
    assert read_log(tmp_path, 0) == ("", 0)
    assert tail(tmp_path, 10) == ""
    assert not list(tmp_path.iterdir())


def test_what_is_not_utf_8_is_replaced(tmp_path: Path) -> None:
    """And what is, stays whole, also where a line is too long to be one record."""
    log = Log(str(tmp_path), None)
    log.feed(b"a\xff\x00\x1b[0m\n", 1.0)
    log.feed(("x" + "é" * 40_000).encode(), 1.0)
    log.close(1.0)
    records, _ = everything(tmp_path)
    assert records[0]["text"] == "a\ufffd\x00\x1b[0m\n"
    assert text_of(records[1:]) == "x" + "é" * 40_000
    assert len(records) == 3


def test_places_stay_while_the_log_grows(tmp_path: Path) -> None:
    """A reader goes on where it stopped, and misses and repeats nothing."""
    log = Log(str(tmp_path), None)
    found, place = [], 0
    for number in range(50):
        log.feed(f"line {number}\n".encode(), float(number))
        records, place = everything(tmp_path, place)
        found += records
    log.close(50.0)
    assert text_of(found) == "".join(f"line {number}\n" for number in range(50))
    assert place == log.bytes_written


def test_head_and_tail_are_kept_and_the_gap_is_told(tmp_path: Path, small: None) -> None:
    """A log that is too long keeps how it began and how it ended."""
    log = Log(str(tmp_path), None)
    for number in range(1000):
        log.feed(f"line {number}\n".encode(), 1.0)
    log.close(1.0)
    records, place = everything(tmp_path)
    assert place == log.bytes_written
    assert log.dropped
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4000
    (gap,) = [one for one in records if "dropped" in one]
    assert gap["text"] == f"[{gap['dropped']} bytes of log were dropped here: it was too long]\n"
    kept = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert kept + int(str(gap["dropped"])) == log.bytes_written
    assert records[0]["text"] == "line 0\n"
    assert records[-1]["text"] == "line 999\n"
    middle, _ = everything(tmp_path, place // 2)
    assert middle[0]["dropped"] == log.bytes_written - place // 2 - sum(
        path.stat().st_size for path in sorted(tmp_path.iterdir())[1:]
    )


def test_the_tail_is_the_last_lines(tmp_path: Path, small: None) -> None:
    """Across files, and with or without an end of line."""
    log = Log(str(tmp_path), None)
    for number in range(200):
        log.feed(f"line {number}\n".encode(), 1.0)
    assert tail(tmp_path, 3) == "line 197\nline 198\nline 199\n"
    log.feed(b"\nlast", 1.0)
    log.close(1.0)
    assert tail(tmp_path, 3) == "line 199\n\nlast"
    assert tail(tmp_path, 0) == ""
    assert tail(tmp_path, 30).startswith("line 172\n")


def test_a_secret_split_over_reads_is_hidden(watch: Watch) -> None:
    """The agent writes it letter by letter, and in base64."""
    script = """
        for c in t o k e n = s 3 c r 3 t - v a l u e; do printf %s $c; sleep 0.002; done; echo .
        printf user:s3cr3t-value | base64
        printf 's3cr3t-value' > "$ORCHESTRATE_OUTPUT"
    """
    end = watch.run(shell("one", script, mask=("s3cr3t-value", "short")))
    first, second = watch.log("one").splitlines()
    assert first == "token=***."
    assert second.startswith("dXNlcj")
    assert "***" in second
    assert end.output == "***"


def memory_kb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0])


def test_two_hundred_megabytes_take_no_memory(watch: Watch) -> None:
    """Of lines or of one line; and others are heard meanwhile."""
    before = memory_kb(watch.runner.pid)
    lines = "yes 0123456789012345678901234567890123456789 | head -c 100000000"
    one_line = "head -c 100000000 /dev/zero | tr '\\0' x"
    watch.launch(shell("lines", lines), shell("line", one_line))
    watch.started("lines")
    for index in range(20):
        watch.run(shell(f"other{index}", "true"))
    assert not watch.exits("lines"), "the others were not held up"
    exits = watch.exited("lines"), watch.exited("line")
    for end in exits:
        assert end.code == 0
        assert end.log_truncated
        assert end.log_bytes > 100_000_000
        files = list(watch.directory(end.key).glob("log.*"))
        assert sum(path.stat().st_size for path in files) <= 64 << 20
    assert memory_kb(watch.runner.pid) - before < 4000
    text, following = read_log(watch.directory("lines"), exits[0].log_bytes - 200)
    assert following == exits[0].log_bytes
    assert tail(watch.directory("lines"), 1)[-8:] in text


def test_a_reader_follows_a_fast_writer(watch: Watch) -> None:
    """While segments come and go, every record it gets is whole, and gaps are told."""
    lines = "seq 1 6000000"
    watch.launch(shell("one", lines))
    watch.started("one")
    place = read = 0
    while not watch.exits("one"):
        watch.listen(0.0)
        text, following = read_log(watch.directory("one"), place)
        for line in text.splitlines():
            read += len(json.loads(line))
        assert following >= place
        place = following
    watch.runner.acknowledge(["one"])
    assert read > 0


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200,mode=700", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("NOT TESTED HERE: a full disk needs root, who may mount a small tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as file:
        while file.write(b"x" * 4096) == 4096:
            if os.statvfs(place).f_bavail == 0:
                return


def test_a_full_disk_stops_no_attempt(full_disk: Path) -> None:
    """Lines are dropped, and the exit says so; a new attempt is refused with the reason."""
    watch = Watch(full_disk)
    gate, second_gate = full_disk / "gate", full_disk / "second"
    os.mkfifo(gate)
    os.mkfifo(second_gate)
    script = f"echo before; read x < {gate}; seq 1 1000; read x < {second_gate}; echo after; exit 3"
    watch.launch(shell("one", script))
    watch.wait(lambda: watch.log("one") == "before\n", "its first line")
    fill(full_disk)
    gate.write_text("go\n")
    refused = watch.run(shell("two", "true"))
    assert refused.reason == "start_failed"
    assert refused.detail == (
        f"the attempt's directory {watch.directory('two')} could not be made:"
        " No space left on device"
    ) or refused.detail == (
        f"the attempt's files in {watch.directory('two')} could not be written:"
        " No space left on device"
    )
    writer = os.open(second_gate, os.O_WRONLY)
    watch.run(shell("three", "true"))  # an answer: what was written before has been read
    (full_disk / "ballast").unlink()
    os.write(writer, b"go\n")
    os.close(writer)
    end = watch.exited("one")
    assert (end.code, end.reason, end.log_truncated) == (3, "exited", True)
    assert "bytes of output were not stored: No space left on device" in end.detail
    assert watch.log("one").endswith(
        "bytes of output could not be stored: No space left on device]\nafter\n"
    )
    leave_nothing(watch)


def test_an_exit_is_told_though_it_cannot_be_written(full_disk: Path) -> None:
    """And written as soon as there is room."""
    watch = Watch(full_disk)
    gate = full_disk / "gate"
    os.mkfifo(gate)
    watch.launch(launch("one", "/bin/sh", "-c", f"read x < {gate}; exit 4"))
    watch.started("one")
    fill(full_disk)
    # The journal's last page still has room: fill it with starts that fail.
    journal = full_disk / "runner.journal"
    for index in range(60):
        watch.run(launch(f"n{index}", "no-such-program"))
    gate.write_text("go\n")
    assert watch.exited("one", acknowledge=False).code == 4
    assert b'"one","code"' not in journal.read_bytes()
    (full_disk / "ballast").unlink()
    watch.wait(lambda: b'"one","code"' in journal.read_bytes(), "it is written")
    watch.kill_runner()
    later = Watch(full_disk)
    assert later.exited("one").code == 4
    leave_nothing(later)


def test_output_without_an_end_of_line_is_not_lost(watch: Watch) -> None:
    """Closing its output, or exiting in the middle of a line, an agent has said it all."""
    watch.run(shell("one", "printf 'no end'"))
    watch.run(shell("two", "echo early; exec >&- 2>&-; sleep 0.05; exit 3"))
    assert (watch.log("one"), watch.log("two")) == ("no end", "early\n")


def test_a_stranger_with_the_pipe_holds_nobody_up(watch: Watch, tmp_path: Path) -> None:
    """Somebody who is not of the attempt keeps its output open: the exit does not wait."""
    script = f"""
        import array, os, socket
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.connect({str(tmp_path / "take")!r})
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))])
        print("sent", flush=True)
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "take"))
    listener.listen(1)
    watch.launch(python("one", script))
    taken, _ = listener.accept()
    _, descriptors, _, _ = socket.recv_fds(taken, 1, 1)
    end = watch.exited("one")
    assert (end.code, watch.log("one")) == (0, "sent\n")
    for one in (listener, taken):
        one.close()
    os.close(descriptors[0])
