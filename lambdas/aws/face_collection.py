"""The bot's own people on AWS: a face collection of Rekognition, searched by a face."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.analysis.people import Found
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.aws.face_ids import parse
from twbot.lambdas.errors import Permanent, Temporary

# Percent. Rekognition's own threshold is 80, and to name a stranger in public is worse than to miss somebody:
# https://docs.aws.amazon.com/rekognition/latest/dg/collections-search-faces.html
MIN_SIMILARITY = 90.0
# Of the nearest faces, as some may not be twbot's own.
MAX_FACES = 5
_NO_FACE = "InvalidParameterException"
_TRANSIENT = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"})


class FaceCollection:
    """A collection of faces that `twbot deploy` and `twbot celebrities add` put there."""

    def __init__(self, client: Any, collection: str) -> None:
        self._client, self._collection = client, collection

    def search(self, jpeg: bytes) -> Found | None:
        """Return whose face the largest face of a picture is; None for nobody's, or without a face.

        Raises Temporary, Permanent.
        """
        try:
            answer = self._client.search_faces_by_image(
                CollectionId=self._collection,
                Image={"Bytes": jpeg},
                FaceMatchThreshold=MIN_SIMILARITY,
                MaxFaces=MAX_FACES,
            )
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code == _NO_FACE:
                return None
            message = f"Rekognition does not search {self._collection}: {code}."
            raise (Temporary(message) if _may_pass(error, code) else Permanent(message)) from None
        for match in answer["FaceMatches"]:
            if (known := parse(match["Face"].get("ExternalImageId", ""))) is not None:
                return Found(known.name, match["Similarity"], answer["SearchedFaceBoundingBox"])
        return None


def _may_pass(error: ClientError | BotoCoreError, code: str) -> bool:
    return code in _TRANSIENT or isinstance(error, BotoCoreError)
