"""Erases a post on AWS: from the lake, the pictures and the dead letters. Reports what can't be edited."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_queue import WORK_VISIBILITY_TIMEOUT, LeasedMessages
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.lake.aws_athena import Athena
from twbot.lambdas.analytics.erasure import ErasureReport, ErasureResult, first_hour, is_about, remove_lines
from twbot.lambdas.analytics.results import OnProgress, no_progress
from twbot.lambdas.completion import keys_of
from twbot.lambdas.wiring import services_with_dead_letters
from twbot.stacks.names import bus_name, dead_letters_name, event_log_name

EVENTS, ERRORS = "events/", "errors/"
MAX_CONCURRENCY = 16  # the pool of connections of AwsBot.client has as many
_GZIP = b"\x1f\x8b"


class AwsErasure:
    """The erasure of posts of a stage. Raises AwsError, NotDeployed.

    It reads each file of the lake since the post was made: the table has no column for what X sent, so no query finds
    the events.
    """

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._s3 = bot, bot.client("s3")
        self._lake = Athena(bot).results[0]

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport:
        """Erase a post and the bot's replies to it. With `dry_run` only count what would go.

        It can be stopped and run again at any time, because each file is replaced at once.
        """
        with self._bot.translate_errors():
            lake = self._in_lake((tweet_id,), dry_run, on_progress)
            if lake.replies:  # a second run: their ids are known only from the events of the first
                both = self._in_lake((tweet_id, *sorted(lake.replies)), dry_run, on_progress)
                lake = both if dry_run else lake + both
            pictures = self._pictures(tweet_id, dry_run)
            dead_letters = self._dead_letters((tweet_id, *lake.replies), dry_run)
            if not dry_run:
                self._forget_known(tweet_id)
            remains = [f"A damaged file of the lake could not be read: {key}" for key in sorted(set(lake.unreadable))]
            remains += [*self._archives(), *self._logs()]
        remains += [
            "Answers of queries (twbot query) that showed it go from the lake's bucket after 7 days.",
            "What came in the last minutes may be on its way into the lake: run it again in an hour.",
            "A replay of the archive brings its events back into the lake: run it again after one.",
            f"The functions' logs name its number, not its words; they go after {self._bot.config.aws.log_days} days.",
            f"The number {tweet_id} alone stays noted, so that nobody is answered twice.",
            "Alerts that were sent are with whoever got them.",
        ]
        removed = {"lake": lake.events, "pictures": pictures, "dead letters": dead_letters}
        return ErasureReport(tweet_id=tweet_id, removed=removed, replies=sorted(lake.replies), remains=remains)

    def _in_lake(self, ids: tuple[str, ...], dry_run: bool, on_progress: OnProgress) -> ErasureResult:
        keys = [*self._keys(self._lake, EVENTS, f"{EVENTS}{first_hour(ids[0])}"), *self._keys(self._lake, ERRORS)]
        versioned = bool(self._s3.get_bucket_versioning(Bucket=self._lake).get("Status"))
        found = ErasureResult()
        pool = ThreadPoolExecutor(MAX_CONCURRENCY)
        try:
            for number, each in enumerate(pool.map(lambda key: self._in_file(key, ids, dry_run, versioned), keys)):
                on_progress(f"file {number + 1:,} of {len(keys):,} of the lake")
                found += each
        finally:  # Ctrl-C: do not begin the files that wait
            pool.shutdown(cancel_futures=True)
        return found

    def _in_file(self, key: str, ids: tuple[str, ...], dry_run: bool, versioned: bool) -> ErasureResult:
        try:
            stored = self._s3.get_object(Bucket=self._lake, Key=key)
        except self._s3.exceptions.NoSuchKey:  # deleted since it was listed
            return ErasureResult()
        body: bytes = stored["Body"].read()
        packed = body.startswith(_GZIP)
        try:
            rest, gone = remove_lines(gzip.decompress(body) if packed else body, *ids)
        except (OSError, EOFError, zlib.error):
            return ErasureResult(unreadable=(key,))
        if not gone.events or dry_run:
            return gone
        if rest:
            body = gzip.compress(rest) if packed else rest
            # PutObject replaces the object with its metadata.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
            metadata = {
                name: stored[name] for name in ("ContentType", "ContentEncoding", "Metadata") if stored.get(name)
            }
            self._s3.put_object(Bucket=self._lake, Key=key, Body=body, **metadata)
        else:
            self._s3.delete_object(Bucket=self._lake, Key=key)
        if versioned:
            self._delete_versions(self._lake, key)
        return gone

    def _delete_versions(self, bucket: str, key: str) -> None:
        """Delete the older versions of an object, which still hold the post."""
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
            for each in page.get("Versions", []):
                # Prefix also finds keys that are longer.
                if each["Key"] == key and not each["IsLatest"]:
                    self._s3.delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])

    def _pictures(self, tweet_id: str, dry_run: bool) -> int:
        """Delete the post's images, and the annotated ones of the bot's reply. Returns how many.

        A lifecycle rule has deleted those that are older than a day.
        """
        bucket = self._bot.output("analysis", "MediaBucketName")
        keys = [key for prefix in ("", "replies/") for key in self._keys(bucket, f"{prefix}{tweet_id}/")]
        for key in keys if not dry_run else []:
            self._s3.delete_object(Bucket=bucket, Key=key)
        return len(keys)

    def _dead_letters(self, ids: tuple[str, ...], dry_run: bool) -> int:
        """Delete the dead letters of the posts. Returns how many. Those of other posts are given back."""
        sqs, count = self._bot.client("sqs"), 0
        for service in services_with_dead_letters():
            try:
                url = sqs.get_queue_url(QueueName=dead_letters_name(self._bot.config, service))["QueueUrl"]
            except sqs.exceptions.QueueDoesNotExist:
                continue
            with LeasedMessages(sqs, url, WORK_VISIBILITY_TIMEOUT) as messages:
                for message in messages:
                    if _about(message.body, ids):
                        count += 1
                        if not dry_run:
                            messages.delete(message)
        return count

    def _forget_known(self, tweet_id: str) -> None:
        """Remove what is known of the post from the table of published keys. The keys alone stay."""
        try:
            table = self._bot.output("plumbing", "PublishedTableName")
        except NotDeployed:  # by a twbot that keeps nothing there but keys
            return
        dynamodb = self._bot.client("dynamodb")
        for key in keys_of(tweet_id):
            item = dynamodb.get_item(TableName=table, Key={"id": {"S": key}}).get("Item")
            if item and "value" in item:
                bare = {name: item[name] for name in ("id", "expiration")}
                dynamodb.put_item(TableName=table, Item=bare)

    def _archives(self) -> list[str]:
        """Return what remains in EventBridge's archives, which have no call that deletes an event."""
        bus = f"event-bus/{bus_name(self._bot.config)}"
        events = self._bot.client("events")
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            page = events.list_archives(**token)
            found += [each for each in page["Archives"] if each["EventSourceArn"].endswith(bus)]
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        return [
            f"EventBridge's archive {each['ArchiveName']} can't be edited: its events go"
            f" {_when(each, 'RetentionDays')}."
            for each in found
        ]

    def _logs(self) -> list[str]:
        """Return what remains in the log of every event: CloudWatch Logs deletes whole streams only."""
        group = event_log_name(self._bot.config)
        found = self._bot.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return [
            f"The log {each['logGroupName']} has every event and can't be edited: its lines go"
            f" {_when(each, 'retentionInDays')}."
            for each in found
            if each["logGroupName"] == group
        ]

    def _keys(self, bucket: str, prefix: str, after: str = "") -> Iterator[str]:
        start = {"StartAfter": after} if after else {}
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start):
            for each in page.get("Contents", []):
                yield each["Key"]


def _about(body: str, ids: tuple[str, ...]) -> bool:
    try:
        event = msgspec.json.decode(body)
    except ValueError:
        return False
    if not isinstance(event, dict):
        return False
    return is_about(event.get("detail"), *ids, kind=str(event.get("detail-type") or ""))


def _when(description: Any, name: str) -> str:
    days = description.get(name)
    return f"{days} days after they came" if days else "never by themselves"
