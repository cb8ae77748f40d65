"""Which files many are, and what each becomes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqcodec.cli.plan import Plan, Task, plan

OUT = Path("out")


def made(folder: Path, *names: str) -> Path:
    """A folder with empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def planned(*inputs: str | Path, recursive: bool = False) -> Plan:
    return plan([str(each) for each in inputs], OUT, recursive, lambda name: name.endswith(("png", "jpg")), _suffix)


def _suffix(source: Path) -> str:
    return ".vq"


def targets(found: Plan) -> dict[str, str]:
    """Targets below OUT by the last part of the source."""
    return {Path(task.source).name: os.path.relpath(task.target, OUT) for task in found.tasks}


def test_files_keep_their_names_and_folders_their_trees(tmp_path: Path) -> None:
    made(tmp_path, "one.png", "in/two.tar.png", "in/notes.txt", "in/.hidden.png", "in/sub/three.jpg", "in/.git/4.png")
    found = planned(tmp_path / "one.png", tmp_path / "in", recursive=True)
    assert targets(found) == {"one.png": "one.vq", "two.tar.png": "two.tar.vq", "three.jpg": "sub/three.vq"}
    assert found.tasks[0] == Task(str(tmp_path / "one.png"), "out/one.vq")
    assert found.refused == ()


def test_folders_of_folders_are_asked_for(tmp_path: Path) -> None:
    made(tmp_path, "in/a.png", "in/sub/b.png", "top/sub/c.png")
    found = planned(tmp_path / "in", tmp_path / "top")
    assert targets(found) == {"a.png": "a.vq"}
    assert found.refused == (f"{tmp_path / 'top'}: there is nothing to do in it without --recursive",)
    assert targets(planned(tmp_path / "top", recursive=True)) == {"c.png": "sub/c.vq"}
    (tmp_path / "empty").mkdir()
    refused = planned(tmp_path / "empty", recursive=True).refused
    assert refused == (f"{tmp_path / 'empty'}: there is nothing to do in it",)


def test_a_file_that_is_named_may_have_any_name(tmp_path: Path) -> None:
    assert targets(planned("dir/.png", "no_suffix", "notes.txt", "missing/x.y.z")) == {
        ".png": ".png.vq",
        "no_suffix": "no_suffix.vq",
        "notes.txt": "notes.vq",
        "x.y.z": "x.y.vq",
    }


def test_files_that_would_become_the_same_keep_their_suffixes(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "A.jpg", "b.png", "sub/a.png")
    found = planned(tmp_path, recursive=True)
    wanted = {("A.jpg", "A.jpg.vq"), ("a.png", "a.png.vq"), ("b.png", "b.vq"), ("sub/a.png", "sub/a.vq")}
    assert {(os.path.relpath(t.source, tmp_path), os.path.relpath(t.target, OUT)) for t in found.tasks} == wanted


def test_the_first_of_two_of_the_same_name_wins(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        made(tmp_path / folder, "a.png", f"{folder}.png")
    found = planned(tmp_path / "two", tmp_path / "one/a.png", tmp_path / "one")
    assert targets(found) == {"a.png": "a.vq", "two.png": "two.vq", "one.png": "one.vq"}
    assert found.tasks[0].source == str(tmp_path / "two/a.png")
    assert found.refused == (f"{tmp_path / 'one/a.png'}: its output out/a.vq is also that of {tmp_path / 'two/a.png'}",)


def test_a_file_that_is_named_twice_is_one(tmp_path: Path) -> None:
    made(tmp_path, "a.png")
    found = planned(tmp_path / "a.png", tmp_path, tmp_path / "a.png")
    assert (targets(found), found.refused) == ({"a.png": "a.vq"}, ())


@pytest.mark.posix
def test_what_is_no_file_is_left_out_and_links_are_followed_to_files(tmp_path: Path) -> None:
    made(tmp_path, "in/a.png", "elsewhere/b.png")
    os.mkfifo(tmp_path / "in/pipe.png")
    (tmp_path / "in/folder.png").mkdir()
    (tmp_path / "in/link.png").symlink_to(tmp_path / "elsewhere/b.png")
    (tmp_path / "in/dangling.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    assert sorted(targets(planned(tmp_path / "in", recursive=True))) == ["a.png", "dangling.png", "link.png"]


@pytest.mark.posix
def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    made(tmp_path, "in/a.png", "in/shut/b.png")
    (tmp_path / "in/shut").chmod(0)
    found = planned(tmp_path / "in", recursive=True)
    (tmp_path / "in/shut").chmod(0o700)
    assert targets(found) == {"a.png": "a.vq"}
    assert found.refused == (f"{tmp_path / 'in/shut'}: permission denied",)


@pytest.mark.posix
def test_what_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, "in/a.png", "in/b.txt", "in/.c.txt", "in/sub/d.heic", "in/out/a.vq", "in/out/old.vq")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    os.mkfifo(tmp_path / "in/pipe.png")

    def left_out(*inputs: str, recursive: bool) -> set[str]:
        paths = [str(tmp_path / each) for each in inputs]
        found = plan(paths, tmp_path / "in/out", recursive, lambda name: name.endswith("png"), _suffix)
        return {str(path.relative_to(tmp_path / "in")) for path in found.left_out}

    assert left_out("in", recursive=False) == {"b.txt", "sub", "loop", "pipe.png"}
    assert left_out("in", recursive=True) == {"b.txt", "sub/d.heic", "loop", "pipe.png", "out/old.vq"}
    assert left_out("in", "in/b.txt", "in/sub", recursive=False) == {"sub/d.heic", "loop", "pipe.png"}
    assert left_out("in/a.png", recursive=False) == set()


NAMES = st.sampled_from(["a", "A", "a.png", "a.jpg", "a.png.vq", "a.vq", "b.png", ".png", "a.b.png", "a.b", "ä.png"])


@given(st.lists(st.tuples(st.sampled_from(["x", "y", "x/z"]), NAMES), max_size=12))
def test_no_two_have_the_same_target_and_none_is_lost(places: list[tuple[str, str]]) -> None:
    inputs = [f"{folder}/{name}" for folder, name in places]
    found = planned(*inputs)
    ends = [task.target for task in found.tasks]
    assert len(set(ends)) == len(ends)
    assert all(Path(end).parent == OUT and Path(end).suffix == ".vq" for end in ends)
    lost = set(inputs) - {task.source for task in found.tasks}
    assert sorted(lost) == sorted(line.split(": ")[0] for line in found.refused)
