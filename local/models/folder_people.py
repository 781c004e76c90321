"""The people of the bot's folder, as the gallery knows them. A photo is looked at once, as long as it is the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import project
from twbot.lambdas.folder.people import BadPhoto, PersonPhoto, photos_of_people
from twbot.local.models.gallery import Gallery, Photo, only_face, write_private

# In the data folder.
CACHE = "people.json"

log = logging.getLogger(__name__)


class _Known(msgspec.Struct):
    """What was found in photos before, by the photos' digests."""

    model: str = ""
    embeddings: dict[str, list[float]] = {}


def gallery_of(path: Path) -> Gallery:
    """Return the gallery of the bot: public figures, the user's file `path`, and the people of the bot's folder.

    Raises TwbotError where a photo of the folder is not of one face.
    """
    return Gallery(path, photos_by_name(project(), path.with_name(CACHE)))


def photos_by_name(folder: Path, cache: Path) -> dict[str, list[Photo]]:
    """Return the photos of a bot's folder by the people's names.

    cache: the file of what was found in them before; what is not in the folder any more is dropped from it. Raises
    TwbotError where a photo is not of one face.
    """
    photos = photos_of_people(folder)
    if not photos and not cache.exists():
        return {}
    known = _read(cache)
    embeddings = {each.digest: known.get(each.digest) or _look_at(each) for each in photos}
    if embeddings.keys() != known.keys():
        _write(cache, embeddings)
    found: dict[str, list[Photo]] = {}
    for each in photos:
        photo = Photo(source=each.path.relative_to(folder).as_posix(), embedding=embeddings[each.digest])
        found.setdefault(each.name, []).append(photo)
    return found


def _look_at(photo: PersonPhoto) -> list[float]:
    try:
        return only_face(str(photo.path), photo.content)
    except BadPhoto as error:
        hint = "Crop it to the person's face, seen from the front; or take the photo away"
        raise TwbotError(str(error), hint) from None


def _read(cache: Path) -> Mapping[str, list[float]]:
    from twbot.local.models import faces

    try:
        known = msgspec.json.decode(cache.read_bytes(), type=_Known)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):  # it can be made again
        return {}
    return known.embeddings if known.model == faces.NAME else {}


def _write(cache: Path, embeddings: dict[str, list[float]]) -> None:
    from twbot.local.models import faces

    try:
        cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(cache, msgspec.json.encode(_Known(faces.NAME, embeddings)))
    except OSError as error:
        log.warning("what was found in the photos of people is not kept: %s", error.strerror)
