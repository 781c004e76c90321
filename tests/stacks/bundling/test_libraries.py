"""Shared libraries in the bundles: what the loader reads is there, byte for byte, and nothing else."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.stacks.bundling.libraries import Segment, only_loaded, segments

PAGE = 0x10000  # what arm64 libraries are aligned to
HEADER, ENTRY = 64, 56
LOAD, NOTE, STACK = 1, 4, 0x6474E551


def library(parts: list[tuple[int, bytes]], debug: list[int], *, note: bool = True) -> bytes:
    """An ELF file whose segments begin so far into a page, each followed by so many bytes that nobody loads."""
    count = len(parts) + 2
    tables = HEADER + count * ENTRY
    image, table = bytearray(), list[Segment]()
    for number, ((into, content), gap) in enumerate(zip(parts, debug, strict=True)):
        body = bytes(tables) + content if number == 0 else content
        offset = 0 if number == 0 else -(-len(image) // PAGE) * PAGE + into
        image += bytes(offset - len(image)) + body + b"\xdb" * gap
        table.append(Segment(LOAD, 5, offset, number * 16 * PAGE + offset % PAGE, 0, len(body), len(body), PAGE))
    last = table[-1]
    size = min(4, last.filesz) if note else 0
    table += [Segment(NOTE, 4, last.offset, last.vaddr, 0, size, size, 4), Segment(STACK, 6, 0, 0, 0, 0, 0, 16)]
    sections = (len(image), 0, HEADER, ENTRY, count, 64, 9, 8)
    struct.pack_into("<16sHHIQQQIHHHHHH", image, 0, b"\x7fELF\x02\x01\x01", 3, 183, 1, 0, HEADER, *sections)
    for number, each in enumerate(table):
        struct.pack_into("<IIQQQQQQ", image, HEADER + number * ENTRY, *each)
    return bytes(image)


def check(data: bytes) -> bytes:
    """Each segment has its bytes, but for the tables in the first, and all that it had but its place in the file."""
    lean = only_loaded(data)
    for before, after in zip(segments(data), segments(lean), strict=True):
        assert after._replace(offset=0) == before._replace(offset=0)
        tables = 0 if before.offset else HEADER + len(segments(data)) * ENTRY
        assert data[before.offset : before.end][tables:] == lean[after.offset : after.end][tables:]
        assert before.type != LOAD or after.offset % after.align == after.vaddr % after.align
    return lean


PARTS = st.lists(st.tuples(st.integers(0, PAGE - 1), st.binary(min_size=1, max_size=200)), min_size=1, max_size=6)


@given(PARTS, st.data())
def test_what_is_loaded_stays(parts: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """Whatever lies between the segments, they keep their bytes, addresses and alignment; the file never grows."""
    gaps = st.lists(st.integers(0, 3 * PAGE), min_size=len(parts), max_size=len(parts))
    whole = library(parts, data.draw(gaps))
    assert len(check(whole)) <= len(whole)


def test_what_is_not_loaded_goes() -> None:
    """Debug information amid the file and at its end is left out, and with it the table of sections."""
    whole = library([(0, b"code"), (0, b"data")], [20 * PAGE, 5 * PAGE])
    lean = check(whole)
    assert len(lean) == PAGE + len(b"data")
    assert b"\xdb" not in lean
    assert struct.unpack_from("<Q", lean, 40) == (0,)
    assert only_loaded(lean) == lean


@pytest.mark.parametrize(
    "data", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(90)], ids=["empty", "script", "32 bits"]
)
def test_what_is_no_such_library_is_left_alone(data: bytes) -> None:
    """Anything but a 64-bit little-endian library is shipped as it is."""
    assert only_loaded(data) == data


def test_a_library_whose_tables_are_elsewhere_is_left_alone() -> None:
    """Where a segment that the loader reads lies outside what is loaded, nothing is moved."""
    whole = bytearray(library([(0, b"code"), (0, b"data")], [PAGE, PAGE]))
    struct.pack_into("<Q", whole, HEADER + 2 * ENTRY + 8, len(whole) - 4)  # the note
    assert only_loaded(bytes(whole)) == bytes(whole)


@pytest.mark.parametrize("module", ["PIL._imaging", "PIL._webp", "msgspec._core"])
def test_real_libraries_stay_the_same_in_memory(module: str) -> None:
    """Of this machine's own wheels; that they work is seen where the bundles are run."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    whole = Path(spec.origin).read_bytes()
    assert len(check(whole)) < len(whole)
