"""Local models that answer in the shapes of Comprehend, Rekognition and Lex."""

from __future__ import annotations

import os

# onnxruntime reports to its maker and keeps an id in the user's cache, unless this is set before it loads: every way to
# it leads through this package. Its own function to switch that off comes too late.
# https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
