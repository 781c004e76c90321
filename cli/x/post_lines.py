"""Posts as lines of JSON, which `twbot send --file` reads: all are checked before the first is sent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.pictures import picture_path
from twbot.cli.ui.streams import lines_of_stdin
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import USERNAME
from twbot.lambdas.folder.toml_file import Parsed
from twbot.lambdas.text_files import decode_text

MAX_IMAGES = 4  # of a post, as X has it
EXAMPLE = 'A line is such as: {"text": "tell me a joke", "as": "bob", "image": "sample:coffee"}'
MAX_FAULTS = 10  # that are said at once


class NewPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post that is to be sent."""

    text: str
    author: str
    images: list[Path] = []
    reply_to: str | None = None
    """The id of the post that it answers."""
    followers: int | None = None
    """Followers that its author's profile shows from now on; None: as it is. So are `verified` and `language`."""
    verified: bool | None = None
    language: str | None = None


class PostLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line: {"text": "tell me a joke", "as": "bob", "image": "sample:coffee", "followers": 12}."""

    author: Annotated[str, msgspec.Meta(pattern=USERNAME)] = msgspec.field(name="as")
    text: str = ""
    image: str | list[str] = []
    """Paths from the file's folder, or names of pictures that come with twbot."""
    reply_to: str | None = None
    followers: Annotated[int, msgspec.Meta(ge=0)] | None = None
    verified: bool | None = None
    language: str | None = None


def read_posts(source: str, author: str) -> list[NewPost]:
    """Return the posts of a file, or of stdin for `-`. `author`: of lines that name none.

    Raises CliError with the faults and their lines.
    """
    within = Path() if source == "-" else Path(source).parent
    name = "stdin" if source == "-" else source
    posts, faults = [], []
    for number, line in enumerate(_lines(source), 1):
        if not line.strip():
            continue
        try:
            posts.append(_post(line, author, within))
        except (TwbotError, ValueError) as error:
            faults.append(f"{name}:{number}: {error}{_hint(error)}")
    if faults:
        more = [f"… and {len(faults) - MAX_FAULTS} more"] if len(faults) > MAX_FAULTS else []
        wrong = "1 line is" if len(faults) == 1 else f"{len(faults)} lines are"
        what = "\n".join([f"Nothing was sent: {wrong} wrong.", *faults[:MAX_FAULTS], *more])
        raise CliError(what, hint=EXAMPLE, code=Exit.USAGE)
    if not posts:
        raise CliError(f"There is no post in {name}.", hint=EXAMPLE, code=Exit.USAGE)
    return posts


def checked_images(names: Iterable[str], within: Path = Path()) -> list[Path]:
    """Return the paths of a post's pictures. Raises CliError for one that is not there, and for more than four."""
    found = [picture_path(name, within, code=Exit.USAGE) for name in names]
    if len(found) > MAX_IMAGES:
        raise CliError("A post has at most four pictures.", code=Exit.USAGE)
    return found


def _lines(source: str) -> Iterable[str]:
    if source == "-":
        return lines_of_stdin()
    try:
        # Not splitlines(): a text may hold what Unicode calls a line's end.
        return decode_text(Path(source).read_bytes()).split("\n")
    except OSError as error:
        raise CliError(f"Cannot read {source}: {error.strerror}.", code=Exit.USAGE) from None
    except UnicodeDecodeError as error:
        raise CliError(f"{source} is no text: {error}.", code=Exit.USAGE) from None


def _post(line: str, author: str, within: Path) -> NewPost:
    """Return the post of a line. Raises TwbotError, or ValueError where it is no JSON."""
    found: Any = msgspec.json.decode(line)
    if not isinstance(found, dict):
        raise TwbotError("no record: write {…}.")
    parsed = Parsed("", {"as": author, **found}, PostLine)
    if parsed.value is None or parsed.faults:
        raise TwbotError("; ".join(fault.says.removeprefix("the file: ") for fault in parsed.faults))
    post = parsed.value
    images = checked_images([post.image] if isinstance(post.image, str) else post.image, within)
    if not post.text.strip() and not images:
        raise TwbotError("neither a text nor an image.")
    return NewPost(
        text=post.text,
        author=post.author,
        images=images,
        reply_to=post.reply_to,
        followers=post.followers,
        verified=post.verified,
        language=post.language,
    )


def _hint(error: Exception) -> str:
    hint = error.hint if isinstance(error, TwbotError) else None
    return f" {hint}" if hint else ""
