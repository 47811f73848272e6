"""Where the data is, what the file says, and whom it is believed to belong to."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from orchestrate.cli import settings
from orchestrate.cli.failure import Failure
from orchestrate.cli.people import roster_from, roster_of


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_the_environment_names_the_data(tmp_path: Path) -> None:
    env = {"ORCHESTRATE_HOME": str(tmp_path / "x")}
    assert settings.places(env, tmp_path) == (tmp_path / "x", tmp_path)
    env = {"ORCHESTRATE_HOME": str(tmp_path / "p" / ".orchestrate")}
    assert settings.places(env, tmp_path) == (tmp_path / "p" / ".orchestrate", tmp_path / "p")


def test_a_project_has_its_data_beside_it(tmp_path: Path) -> None:
    made(tmp_path / ".orchestrate")
    assert settings.places({}, tmp_path) == (tmp_path / ".orchestrate", tmp_path)


def test_a_project_is_found_from_below_within_its_repository(tmp_path: Path) -> None:
    made(tmp_path / ".git")
    made(tmp_path / ".orchestrate")
    below = made(tmp_path / "src" / "deep")
    assert settings.places({}, below) == (tmp_path / ".orchestrate", tmp_path)


def test_a_folder_above_the_repository_is_not_ours(tmp_path: Path) -> None:
    made(tmp_path / ".orchestrate")
    made(tmp_path / "repository" / ".git")
    env = {"XDG_DATA_HOME": str(tmp_path / "xdg")}
    here = tmp_path / "repository"
    assert settings.places(env, here) == (tmp_path / "xdg" / "orchestrate", here)
    outside = made(tmp_path / "plain")
    assert settings.places(env, outside) == (tmp_path / "xdg" / "orchestrate", outside)


def test_without_a_project_the_data_is_the_users(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": "relative is ignored"}
    assert settings.places(env, tmp_path)[0] == tmp_path / ".local" / "share" / "orchestrate"


def test_a_flag_beats_the_environment_and_that_the_file(tmp_path: Path) -> None:
    made(tmp_path / ".orchestrate")
    (tmp_path / "orchestrate.toml").write_text("[serve]\nhost = '::1'\nport = 1234\n")
    found = settings.read({}, tmp_path)
    assert (found.host, found.port, found.server) == ("::1", 1234, None)
    env = {"ORCHESTRATE_PORT": "4321", "ORCHESTRATE_SERVER": "http://a", "ORCHESTRATE_TOKEN": "t"}
    found = settings.read(env, tmp_path)
    assert (found.port, found.server, found.token) == (4321, "http://a", "t")
    assert settings.read(env, tmp_path, server="http://b").server == "http://b"


def test_an_unknown_setting_is_said_with_what_was_meant(tmp_path: Path) -> None:
    made(tmp_path / ".orchestrate")
    (tmp_path / "orchestrate.toml").write_text("[group]\na = []\n")
    found = settings.read({}, tmp_path)
    file = tmp_path / "orchestrate.toml"
    assert found.warnings == (f"{file}: `group` is not read; did you mean [groups]?",)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = ", "orchestrate.toml is not valid TOML: Invalid value (at end of document)"),
        ("groups = 1", "orchestrate.toml: `groups` must be a table"),
        ("serve = {port = 'x'}", "`x` is no port"),
        ("serve = {host = 1}", "orchestrate.toml: serve.host must be a text"),
    ],
)
def test_a_broken_file_is_an_error_with_its_place(tmp_path: Path, text: str, what: str) -> None:
    made(tmp_path / ".orchestrate")
    (tmp_path / "orchestrate.toml").write_text(text)
    with pytest.raises(Failure) as failure:
        settings.read({}, tmp_path)
    assert failure.value.what.endswith(what)
    assert failure.value.code == 2


def test_a_file_of_somebody_else_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / ".orchestrate")
    file = tmp_path / "orchestrate.toml"
    file.write_text("[groups]\nteam-lead = ['mallory']\n")
    uid = file.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: uid + 1)
    if uid != 0:  # what root owns is believed
        assert settings.read_file(file) == (
            {},
            (f"{file} belongs to another user; it is not read",),
        )
        with pytest.raises(Failure, match="belongs to another user"):
            settings.places({}, tmp_path)


def test_groups_and_addresses_become_a_roster(tmp_path: Path) -> None:
    written = {
        "groups": {"leads": ["ann", "bob@example.com"]},
        "users": {"ann": "ann@example.com", "bob": {"email": "bob@example.com"}},
    }
    roster = roster_of(written, tmp_path)
    assert roster.groups == {"leads": frozenset({"ann", "bob"})}
    assert roster.fits("ann@example.com", "ann")


@pytest.mark.parametrize("written", [{"groups": {"a": "ann"}}, {"users": {"ann": 1}}])
def test_a_group_that_is_none_is_refused(tmp_path: Path, written: dict[str, object]) -> None:
    with pytest.raises(Failure):
        roster_of(written, tmp_path)


def test_the_roster_follows_the_file_and_outlives_a_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made(tmp_path / ".orchestrate")
    file = tmp_path / "orchestrate.toml"
    file.write_text("[groups]\nleads = ['ann']\n")
    roster = roster_from(settings.read({}, tmp_path))
    assert roster().groups == {"leads": frozenset({"ann"})}
    file.write_text("[groups]\nleads = ['ann', 'bob']\n")
    assert roster().groups == {"leads": frozenset({"ann", "bob"})}
    with caplog.at_level(logging.WARNING):
        file.write_text("[groups]\nleads = [")
        assert roster().groups == {"leads": frozenset({"ann", "bob"})}
    assert "the groups stay as they were" in caplog.text
