"""Documentation that is generated says what the code says."""

from __future__ import annotations

from docs.generate import ROOT, documents


def test_generated_documents_are_up_to_date() -> None:
    """Nobody can change a contract, a rule or a command and leave the documentation lying: run `make docs`."""
    stale = [str(path.relative_to(ROOT)) for path, text in documents() if not path.exists() or path.read_text() != text]
    assert not stale
