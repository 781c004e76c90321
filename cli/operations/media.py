"""The pictures of a bot: of the posts, and of its replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.lambdas.ports import MediaStore


def media_of(target: Target) -> MediaStore:
    """Return the store of a bot's pictures. Raises CliError, NotDeployed."""
    if target.is_local:
        from twbot.local.adapters.media import FileMedia
        from twbot.local.data_folder import DataFolder

        return FileMedia(DataFolder(target.folder()).media)
    from twbot.lambdas.aws.media import S3Media

    bot = target.aws()
    return S3Media(bot.client("s3"), bot.output("analysis", "MediaBucketName"))
