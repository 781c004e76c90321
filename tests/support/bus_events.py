"""Events as EventBridge delivers them, and a picture."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

TWEET = "1050118621198921728"


def bus_event(kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "e",
        "detail-type": kind,
        "source": "BOT",
        "account": "123456789012",
        "time": "2026-11-23T06:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(file, "JPEG")
    return file.getvalue()
