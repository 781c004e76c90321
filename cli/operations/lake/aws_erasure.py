"""Forgetting a post on AWS: in the lake, among pictures and dead letters. What can't be edited there is told."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from twbot.cli.operations.aws_queue import WORK_VISIBILITY_TIMEOUT, LeasedMessages
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.lake.aws_athena import Athena
from twbot.lambdas.analytics.erasure import ErasureReport, ErasureResult, first_hour, is_about, remove_lines
from twbot.lambdas.analytics.results import OnProgress, no_progress
from twbot.lambdas.wiring import SERVICES
from twbot.stacks.names import bus_name, dead_letters_name, event_log_name

EVENTS, ERRORS = "events/", "errors/"
MAX_CONCURRENCY = 16
_GZIP = b"\x1f\x8b"


class AwsErasure:
    """The lake's table has no column for what X sent: each file since the post was made is read."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._s3 = bot, bot.client("s3")
        self._lake = Athena(bot).results[0]

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport:
        """Can be stopped and begun again at any time: each file is replaced at once."""
        with self._bot.translate_errors():
            lake = self._in_lake((tweet_id,), dry_run, on_progress)
            if lake.replies:
                both = self._in_lake((tweet_id, *sorted(lake.replies)), dry_run, on_progress)
                lake = both if dry_run else lake + both
            pictures = self._pictures(tweet_id, dry_run)
            letters = self._letters((tweet_id, *lake.replies), dry_run)
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
        removed = {"lake": lake.events, "pictures": pictures, "dead letters": letters}
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
        finally:
            pool.shutdown(cancel_futures=True)
        return found

    def _in_file(self, key: str, ids: tuple[str, ...], dry_run: bool, versioned: bool) -> ErasureResult:
        try:
            kept = self._s3.get_object(Bucket=self._lake, Key=key)
        except self._s3.exceptions.NoSuchKey:  # gone since it was listed
            return ErasureResult()
        body: bytes = kept["Body"].read()
        packed = body.startswith(_GZIP)
        try:
            rest, gone = remove_lines(gzip.decompress(body) if packed else body, *ids)
        except (OSError, EOFError, zlib.error):
            return ErasureResult(unreadable=(key,))
        if not gone.events or dry_run:
            return gone
        if rest:
            body = gzip.compress(rest) if packed else rest
            about = {name: kept[name] for name in ("ContentType", "ContentEncoding", "Metadata") if kept.get(name)}
            self._s3.put_object(Bucket=self._lake, Key=key, Body=body, **about)
        else:
            self._s3.delete_object(Bucket=self._lake, Key=key)
        if versioned:
            self._delete_versions(self._lake, key)
        return gone

    def _delete_versions(self, bucket: str, key: str) -> None:
        """The older ones hold what the newest does not."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
            for each in page.get("Versions", []):
                if each["Key"] == key and not each["IsLatest"]:
                    self._s3.delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])

    def _pictures(self, tweet_id: str, dry_run: bool) -> int:
        """The post's, and the bot's annotated ones. Those of more than a day ago are gone already."""
        bucket = self._bot.output("analysis", "MediaBucketName")
        keys = [key for prefix in ("", "replies/") for key in self._keys(bucket, f"{prefix}{tweet_id}/")]
        for key in keys if not dry_run else []:
            self._s3.delete_object(Bucket=bucket, Key=key)
        return len(keys)

    def _letters(self, ids: tuple[str, ...], dry_run: bool) -> int:
        """All are looked at; those of other posts are let go again, also when it is stopped."""
        sqs, count = self._bot.client("sqs"), 0
        for service in SERVICES:
            try:
                url = sqs.get_queue_url(QueueName=dead_letters_name(self._bot.config, service))["QueueUrl"]
            except sqs.exceptions.QueueDoesNotExist:
                continue
            with LeasedMessages(sqs, url, WORK_VISIBILITY_TIMEOUT) as letters:
                for letter in letters:
                    if _about(letter.body, ids):
                        count += 1
                        if not dry_run:
                            letters.delete(letter)
        return count

    def _archives(self) -> list[str]:
        """EventBridge's can't be edited."""
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
        """CloudWatch's can't be edited, either."""
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
    return isinstance(event, dict) and is_about(event.get("detail"), *ids)


def _when(kept: Any, name: str) -> str:
    days = kept.get(name)
    return f"{days} days after they came" if days else "never by themselves"
