"""The pictures of posts: rows in the database, files on disk."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from twbot.local.simulator import problems
from twbot.local.simulator.store import Row, Store

# Bytes, as X's: https://docs.x.com/x-api/media/quickstart/best-practices
LIMITS = {"image/jpeg": 5_000_000, "image/png": 5_000_000, "image/webp": 5_000_000, "image/gif": 15_000_000}
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
EXPIRES_SECONDS = 86_400


class Pictures:
    """Pictures by id. A media key is `3_` and the id."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self.folder = folder
        folder.mkdir(exist_ok=True, mode=0o700)

    def get(self, media_id: str) -> Row | None:
        return self._store.row("SELECT * FROM media WHERE id = ?", media_id.removeprefix("3_"))

    def data(self, media_id: str) -> bytes:
        return self._path(media_id).read_bytes()

    def begin(self, owner_id: str, content_type: str, category: str, size: int) -> Row:
        """Begin an upload in chunks. Raises Problem for a type or size that X does not accept."""
        _check_size(content_type, size)
        return self._insert(owner_id, content_type, category, size, 0, 0, "pending")

    def append(self, media: Row, segment: int, chunk: bytes) -> None:
        """Store one chunk. Raises Problem where the chunks are too large together."""
        _check_size(media["content_type"], self._received(media["id"]) + len(chunk))
        self._path(f"{media['id']}.{segment:03}").write_bytes(chunk)

    def finish(self, media: Row) -> Row:
        """Join the chunks. Raises Problem where they have another size than announced, or are no picture."""
        chunks = sorted(self.folder.glob(f"{media['id']}.[0-9]*"))
        data = b"".join(chunk.read_bytes() for chunk in chunks)
        if len(data) != media["size"]:
            raise problems.invalid(f"Segments do not add up to provided total file size: {len(data)}.")
        content_type, width, height = check(data)
        self._path(media["id"]).write_bytes(data)
        for chunk in chunks:
            chunk.unlink()
        sql = "UPDATE media SET state = 'succeeded', content_type = ?, width = ?, height = ? WHERE id = ?"
        self._store.run(sql, content_type, width, height, media["id"])
        return self.get(media["id"]) or {}

    def keep(self, owner_id: str, data: bytes, category: str = "tweet_image", *, checked: bool = True) -> Row:
        """Store a whole picture. Raises Problem where `checked` and X would not accept it."""
        # Tests post unchecked files as people: the bot must cope with anything that it downloads.
        content_type, width, height = check(data) if checked else _identify(data)
        media = self._insert(owner_id, content_type, category, len(data), width, height, "succeeded")
        self._path(media["id"]).write_bytes(data)
        return media

    def remove(self, media_ids: Iterable[str]) -> None:
        """Remove the files of pictures whose rows are gone."""
        for media_id in media_ids:
            for path in (self._path(media_id), *self.folder.glob(f"{media_id}.[0-9]*")):
                path.unlink(missing_ok=True)

    def describe(self, media_id: str, alt_text: str) -> None:
        self._store.run("UPDATE media SET alt_text = ? WHERE id = ?", alt_text, media_id)

    def _insert(
        self, owner_id: str, content_type: str, category: str, size: int, width: int, height: int, state: str
    ) -> Row:
        media_id = self._store.new_id()
        columns = {"size": size, "width": width, "height": height, "state": state, "content_type": content_type}
        self._store.add("media", id=media_id, owner_id=owner_id, category=category, **columns)
        return self.get(media_id) or {}

    def _received(self, media_id: str) -> int:
        return sum(chunk.stat().st_size for chunk in self.folder.glob(f"{media_id}.[0-9]*"))

    def _path(self, name: str) -> Path:
        return self.folder / name


def check(data: bytes) -> tuple[str, int, int]:
    """Return content type, width and height. Raises Problem for a file that X does not accept."""
    content_type, width, height = _identify(data)
    if not width:
        raise problems.invalid("The media type of the file is unrecognized or not supported.")
    _check_size(content_type, len(data))
    return content_type, width, height


def _check_size(content_type: str, size: int) -> None:
    if content_type not in LIMITS:
        raise problems.invalid(f"The media type {content_type} is not supported.")
    if not 0 < size <= LIMITS[content_type]:
        raise problems.invalid(f"File size {size} exceeds the maximum of {LIMITS[content_type]} bytes.")


def _identify(data: bytes) -> tuple[str, int, int]:
    """Return content type, width and height, with zeros where it is no known picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            content_type = Image.MIME.get(image.format or "", "")
            return (content_type, *image.size) if content_type in LIMITS else ("image/jpeg", 0, 0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "image/jpeg", 0, 0
