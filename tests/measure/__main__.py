"""`python -m tests.measure`: measure what the models understand, and write docs/understanding.md."""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import platform
import sys
from typing import NamedTuple

from tests.measure.tables import Table, markdown
from tests.support.circumstances import commit_of_checkout, machine
from tests.support.paths import ROOT
from twbot import __version__

PAGE = ROOT / "docs" / "understanding.md"


class Part(NamedTuple):
    """A part of the page: a module of this folder, its heading, and what a reader should know first."""

    module: str
    heading: str
    says: str


PARTS = (
    Part(
        "texts",
        "Language and sentiment",
        "Sentiment is read in thirteen languages; in others a text has none. On AWS it is read in Comprehend's twelve.",
    ),
    Part("intents", "Intents", "What the chatbot takes a post for, and that most posts are none of its intents."),
    Part("entities", "Entities", "Entities are read in English. Toxicity is not: docs/decisions/0019 says why."),
    Part(
        "ocr",
        "Text in pictures",
        "Latin, Chinese and Japanese letters are read by PP-OCR; Korean, Cyrillic, Arabic and Devanagari by Tesseract.",
    ),
    Part(
        "looks",
        "Labels, people and faces",
        "Names are given to faces of the gallery only. A face that is seen from the side has no name.",
    ),
)
BEFORE = """# What it understands, how well, and what not

This page is about the models of the `local` platform. They ship inside packages and run on this machine. On AWS,
Comprehend, Rekognition and Lex answer the same calls. `make measure-models` writes this page.

What it does not understand: irony and understatement, mostly; the mood of texts in other languages than the thirteen;
names in other languages than English; whether a text is toxic (decision 0019); handwriting; print in other scripts than
those below, of which it says that it can't read it. It gives no name to a face that is seen from the side, and finds
none that is smaller than 40 pixels of 1,600.

Pictures and posts that may not be kept here are read from packages in `tests/measure/packages/`, which the modules of
`tests/measure/` name; what is not there is left out.
"""


def main() -> int:
    names = [part.module for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m tests.measure", description="Measure what the models understand.")
    parser.add_argument("--only", action="append", choices=names, help="print this part only; may be repeated")
    only = parser.parse_args().only
    # Several threads of BLAS on a busy machine cost more CPU than they save time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sections = [_section(part) for part in PARTS if only is None or part.module in only]
    if only is None:
        PAGE.write_text("\n\n".join([BEFORE.rstrip(), _circumstances(), *sections]) + "\n", encoding="utf-8")
    return 0


def _section(part: Part) -> str:
    print(f"measuring {part.module} …", file=sys.stderr)
    tables: list[Table] = importlib.import_module(f"tests.measure.{part.module}").measure()
    section = "\n\n".join([f"## {part.heading}", part.says, *map(markdown, tables)])
    print(section, flush=True)
    return section


def _circumstances() -> str:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return (
        f"Measured {today} with twbot {__version__}, commit {commit_of_checkout()}, on {machine()}, "
        f"Python {platform.python_version()}."
    )


if __name__ == "__main__":
    sys.exit(main())
