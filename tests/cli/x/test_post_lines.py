"""The lines of `twbot send --file`: checked as a whole, each fault with its line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from twbot.cli.errors import CliError, Exit
from twbot.cli.x.post_lines import MAX_FAULTS, NewPost, read_posts
from twbot.local.simulator.sample_pictures import picture_at

GOOD = '{"text": "one"}'


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> str:
    file = folder / "posts.jsonl"
    file.write_bytes("\n".join(lines).encode(encoding))
    return str(file)


def test_all_that_a_line_says_is_read(tmp_path: Path) -> None:
    """Who names no author is the command's; a path leads from the file's folder; blank lines are none."""
    (tmp_path / "mine.jpg").write_bytes(b"x")
    whole = {"text": "two", "as": "bob", "image": ["mine.jpg", "sample:coffee"], "followers": 7, "verified": True}
    file = written(tmp_path, GOOD, "", "  ", json.dumps({**whole, "language": "de", "reply_to": "5"}), "")
    first, second = read_posts(file, "alice")
    assert first == NewPost(text="one", author="alice")
    assert second == NewPost(
        text="two",
        author="bob",
        images=[tmp_path / "mine.jpg", picture_at("sample:coffee")],
        reply_to="5",
        followers=7,
        verified=True,
        language="de",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_whole_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    """What Unicode calls the end of a line is within a text here."""
    text = "Grüße\u2028\u0085 zwei"
    file = written(tmp_path, json.dumps({"text": text}, ensure_ascii=False), encoding=encoding)
    assert [each.text for each in read_posts(file, "alice")] == [text]


def test_stdin_is_read_from_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For `-`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.jpg").write_bytes(b"x")
    lines = f'{GOOD}\n{{"image": "mine.jpg"}}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert [each.images for each in read_posts("-", "alice")] == [[], [Path("mine.jpg")]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Input data was truncated"),
        ("[1]", "no record"),
        ('"x"', "no record"),
        ('{"text": 5}', "text: Expected text, got a whole number"),
        ('{"txt": "x"}', "There is no key `txt` here: did you mean `text`?"),
        ('{"text": "x", "as": "no name"}', "as: Expected letters, digits and underscores"),
        ('{"text": "x", "followers": -1}', "followers: Expected a whole number >= 0"),
        ('{"text": "x", "followers": "many"}', "followers: Expected a whole number or none"),
        ('{"text": " "}', "neither a text nor an image"),
        ("{}", "neither a text nor an image"),
        ('{"image": "mine.png"}', "There is no picture mine.png. Did you mean: mine.jpg"),
        ('{"image": "sample:cofee"}', "is called sample:cofee: there are sample:cat"),
        ('{"image": "."}', "is a folder"),
        ('{"image": ["mine.jpg", "mine.jpg", "mine.jpg", "mine.jpg", "mine.jpg"]}', "at most four"),
    ],
)
def test_a_line_that_is_wrong_is_named(line: str, says: str, tmp_path: Path) -> None:
    """With its number, and nothing of the file is taken."""
    (tmp_path / "mine.jpg").write_bytes(b"x")
    file = written(tmp_path, GOOD, "", line, GOOD)
    with pytest.raises(CliError) as error:
        read_posts(file, "alice")
    first, second = str(error.value).splitlines()
    assert (first, error.value.code) == ("Nothing was sent: 1 line is wrong.", Exit.USAGE)
    assert second.startswith(f"{file}:3: ")
    assert says in second


def test_all_that_are_wrong_are_named(tmp_path: Path) -> None:
    """As far as they can be read at once; how many more there are is said."""
    with pytest.raises(CliError) as error:
        read_posts(written(tmp_path, *["{}"] * (MAX_FAULTS + 2)), "alice")
    lines = str(error.value).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (
        MAX_FAULTS + 2,
        "Nothing was sent: 12 lines are wrong.",
        "… and 2 more",
    )


@pytest.mark.parametrize(
    ("content", "says"), [(None, "Cannot read"), (b"", "no post in"), (b"\xff\xfe\xff", "no text")]
)
def test_a_file_without_posts_is_refused(content: bytes | None, says: str, tmp_path: Path) -> None:
    """What is not there, empty, or no text."""
    file = tmp_path / "posts.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CliError, match=says) as error:
        read_posts(str(file), "alice")
    assert error.value.code == Exit.USAGE
