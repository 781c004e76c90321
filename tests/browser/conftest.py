"""A browser per worker, and windows of it per test."""

from __future__ import annotations

from tests.support.browser import chromium, windows

__all__ = ["chromium", "windows"]
