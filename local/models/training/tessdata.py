"""Makes data/tessdata/ from Tesseract's models: python -m twbot.local.models.training.tessdata FOLDER

FOLDER holds the .traineddata files of Debian's tesseract-ocr-ara, -hin, -kor and -rus 4.1.0 (tessdata_fast). They are
compressed, without their lists of words, two thirds of their size: the repository stays quick to clone.
"""

from __future__ import annotations

import lzma
import struct
import sys
from pathlib import Path

from twbot.local.models.scripts import FOLDER, MODELS

# The place of `lstm-word-dawg` among the parts of a file:
# https://github.com/tesseract-ocr/tesseract/blob/5.5.0/src/ccutil/tessdatamanager.h
WORDS = 19


def main() -> None:
    source = Path(sys.argv[1])
    FOLDER.mkdir(exist_ok=True)
    for name in MODELS.values():
        data = without_words((source / f"{name}.traineddata").read_bytes())
        (FOLDER / f"{name}.traineddata.xz").write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def without_words(data: bytes) -> bytes:
    """Return a .traineddata file without its list of words: a count, the parts' offsets (-1: none), and the parts."""
    (count,) = struct.unpack_from("<i", data)
    offsets = struct.unpack_from(f"<{count}q", data, 4)
    places = sorted(offset for offset in offsets if offset >= 0)
    ends = dict(zip(places, [*places[1:], len(data)], strict=True))
    parts = [b"" if at < 0 or part == WORDS else data[at : ends[at]] for part, at in enumerate(offsets)]
    begin, kept = 4 + 8 * count, []
    for part in parts:
        kept.append(begin if part else -1)
        begin += len(part)
    return struct.pack(f"<i{count}q", count, *kept) + b"".join(parts)


if __name__ == "__main__":
    main()
