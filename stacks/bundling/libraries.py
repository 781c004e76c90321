"""Shared libraries without what no loader reads: wheels for Lambda carry several megabytes of debug information.

An ELF file is loaded by its segments alone: https://man7.org/linux/man-pages/man5/elf.5.html. They stay as they are,
byte for byte and at their addresses; what lies between and after them goes, and with it the table of sections.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import NamedTuple

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little endian: arm64 and x86_64
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_ENTRY = struct.Struct("<IIQQQQQQ")
_LOAD = 1
# Fields of the header: the table of segments (offset, number), that of sections (offset, number, names).
_PHOFF, _PHNUM = 5, 10
_SECTIONS = (6, 12, 13)


class Segment(NamedTuple):
    """An entry of the table of segments, by the names of elf(5)."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int

    @property
    def end(self) -> int:
        return self.offset + self.filesz


def only_loaded(data: bytes) -> bytes:
    """The library as the loader sees it; anything that is not a plain library as it was."""
    if not data.startswith(_MAGIC):
        return data
    table = segments(data)
    loaded = sorted((each for each in table if each.type == _LOAD and each.filesz), key=lambda each: each.offset)
    if not _is_plain(data, table, loaded):
        return data
    places = _places(loaded)
    lean = bytearray(max(places[each] + each.filesz for each in loaded))
    for each in loaded:
        lean[places[each] : places[each] + each.filesz] = data[each.offset : each.end]
    _write_tables(lean, [_moved(each, places) for each in table])
    return bytes(lean) if len(lean) < len(data) else data


def segments(data: bytes) -> list[Segment]:
    header = _HEADER.unpack_from(data)
    places = (header[_PHOFF] + number * _ENTRY.size for number in range(header[_PHNUM]))
    return [Segment(*_ENTRY.unpack_from(data, place)) for place in places]


def _is_plain(data: bytes, table: list[Segment], loaded: list[Segment]) -> bool:
    """The tables are loaded at the start, what is loaded does not overlap, and all else lies within it."""
    header = _HEADER.unpack_from(data)
    tables_end = header[_PHOFF] + header[_PHNUM] * _ENTRY.size
    return (
        bool(loaded)
        and loaded[0].offset == 0
        and tables_end <= loaded[0].end
        and loaded[-1].end <= len(data)
        and all(one.end <= other.offset for one, other in pairwise(loaded))
        and all(_around(each, loaded) for each in table if each.filesz)
    )


def _around(segment: Segment, loaded: list[Segment]) -> Segment | None:
    return next((each for each in loaded if each.offset <= segment.offset and segment.end <= each.end), None)


def _places(loaded: list[Segment]) -> dict[Segment, int]:
    """Each as early as its alignment allows: offset and address agree modulo it."""
    places: dict[Segment, int] = {}
    end = 0
    for each in loaded:
        places[each] = end + (each.vaddr - end) % max(each.align, 1)
        end = places[each] + each.filesz
    return places


def _moved(segment: Segment, places: dict[Segment, int]) -> Segment:
    around = _around(segment, [*places]) if segment.filesz else None
    return segment if around is None else segment._replace(offset=segment.offset - around.offset + places[around])


def _write_tables(lean: bytearray, table: list[Segment]) -> None:
    header = list(_HEADER.unpack_from(lean))
    for field in _SECTIONS:
        header[field] = 0
    _HEADER.pack_into(lean, 0, *header)
    for number, each in enumerate(table):
        _ENTRY.pack_into(lean, header[_PHOFF] + number * _ENTRY.size, *each)
