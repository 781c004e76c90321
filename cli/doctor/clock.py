"""How far this machine's clock may be off."""

from __future__ import annotations

# In seconds. AWS refuses a signature whose time is five minutes off, X one of four: warn before that.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
# https://www.rfc-editor.org/rfc/rfc5849#section-3.3
MAX_CLOCK_SKEW = 60.0
