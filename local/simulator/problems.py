"""X's error answers: problems of API v2 and error lists of v1.1, with the documented texts.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

from typing import Any

PROBLEMS = "https://api.x.com/2/problems/"
NOT_SUMMONED = "You can only reply to or quote posts where you are mentioned or are the author."
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


class Problem(Exception):
    """An error answer, with status, JSON body and extra headers."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Problem:
    """Return a problem of API v2 (https://www.rfc-editor.org/rfc/rfc7807)."""
    return Problem(status, {**more, "title": title, "detail": detail, "type": kind, "status": status})


def invalid(detail: str, *, reason: str | None = None) -> Problem:
    """Return a 400. `reason`: one of the names that X documents, such as CrcValidationFailed."""
    message = f"{reason}: {detail}" if reason else detail
    body = {
        "errors": [{"message": message}],
        "title": "Invalid Request",
        "detail": message,
        "type": PROBLEMS + "invalid-request",
        "status": 400,
    }
    return Problem(400, body)


def forbidden(detail: str) -> Problem:
    return problem(403, "Forbidden", detail)


def unauthorized() -> Problem:
    return problem(401, "Unauthorized", "Unauthorized")


def unsupported_authentication(supported: str) -> Problem:
    detail = (
        f"This kind of authentication is forbidden for this endpoint. Supported authentication types are [{supported}]."
    )
    return problem(403, "Unsupported Authentication", detail, PROBLEMS + "unsupported-authentication")


def not_found_error(resource: str, value: str, parameter: str = "id") -> dict[str, Any]:
    """Return an element of `errors`, which stands beside `data` in partial answers."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def not_found(resource: str, value: str, *, reason: str | None = None) -> Problem:
    error = {**not_found_error(resource, value), "status": 404}
    if reason:
        error["detail"] = f"{reason}: {error['detail']}"
    return Problem(404, error)


def conflict(detail: str, *, reason: str) -> Problem:
    return problem(409, "Conflict", f"{reason}: {detail}", PROBLEMS + "conflict")


def too_many(headers: dict[str, str]) -> Problem:
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    return Problem(429, body, headers)


def v1(status: int, code: int, message: str) -> Problem:
    """Return an error of API v1.1."""
    return Problem(status, {"errors": [{"code": code, "message": message}]})


CREDITS = Problem(
    402,
    {
        "account_id": "1",
        "title": "CreditsDepleted",
        "detail": "Your enrolled account [1] does not have any credits to fulfill this request.",
        "type": PROBLEMS + "credits",
    },
)
USAGE_CAP = Problem(
    429,
    {
        "account_id": 1,
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": "Monthly",
        "scope": "Product",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": "https://api.twitter.com/2/problems/usage-capped",
    },
)
UNAVAILABLE = problem(503, "Service Unavailable", "Service Unavailable")
INTERNAL = problem(500, "Internal Server Error", "Something is broken.", PROBLEMS + "internal-error")
