"""Makes data/gallery.json from photos in published packages. For developers:

    pip download --no-deps --no-binary :all: face_recognition==1.3.0
    pip download --no-deps scikit-image==0.26.0 insightface==2.1
    python -m twbot.local.models.training.gallery face_recognition-1.3.0.tar.gz scikit_image-*.whl insightface-*.whl

Only the embeddings are stored, not the photos. One photo of the first person is left out, because the demo posts it:
it must be recognised by the others.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.local.models.gallery import SHIPPED, Person, Photo, only_face

WHITE_HOUSE = "photo by the White House (public domain)"


class Source(NamedTuple):
    name: str
    article: str
    package: str
    file: str
    licence: str


SOURCES = (
    Source("Barack Obama", "Barack_Obama", "face_recognition-1.3.0", "tests/test_images/obama2.jpg", WHITE_HOUSE),
    Source("Barack Obama", "Barack_Obama", "face_recognition-1.3.0", "tests/test_images/obama3.jpg", WHITE_HOUSE),
    Source("Joe Biden", "Joe_Biden", "face_recognition-1.3.0", "tests/test_images/biden.jpg", WHITE_HOUSE),
    Source(
        "Eileen Collins", "Eileen_Collins", "scikit_image-0.26.0", "skimage/data/astronaut.png", "NASA (public domain)"
    ),
    Source(
        "Tom Hanks",
        "Tom_Hanks",
        "insightface-2.1",
        "insightface/data/images/Tom_Hanks_54745.png",
        "in a package under the MIT licence",
    ),
)


def main(archives: list[Path]) -> None:
    people: dict[str, Person] = {}
    for source in SOURCES:
        archive = next(each for each in archives if each.name.startswith(source.package))
        photo = Photo(
            source=f"{source.package}: {source.file}",
            licence=source.licence,
            embedding=only_face(source.file, _member(archive, source.file)),
        )
        person = people.setdefault(
            source.name, Person(name=source.name, urls=[f"en.wikipedia.org/wiki/{source.article}"], photos=[])
        )
        person.photos.append(photo)
    SHIPPED.write_bytes(msgspec.json.encode({"people": list(people.values())}) + b"\n")


def _member(archive: Path, ending: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(ending)
    with tarfile.open(archive) as tar:
        content = tar.extractfile(next(name for name in tar.getnames() if name.endswith(ending)))
        assert content is not None
        return content.read()


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
