"""The data lake of a stage on AWS: queried with SQL in Athena, and exported as Parquet."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.lake.aws_athena import TIMEOUT, Athena, scanned
from twbot.lambdas.analytics.results import (
    Exported,
    ExportFilter,
    OnProgress,
    Result,
    count_sql,
    export_sql,
    no_progress,
    one_query,
)


class AthenaLake:
    """The lake of a stage, queried in its workgroup, whose scan limit holds. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot, *, sleep: Callable[[float], None] = time.sleep, timeout: float = TIMEOUT) -> None:
        self._bot = bot
        self._athena = Athena(bot, sleep=sleep, timeout=timeout)

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Run one SELECT; each `?` is bound to a parameter. Raises BadSql, TooSlow."""
        done = self._athena.run(one_query(sql), parameters)
        columns, rows = self._athena.rows(done["QueryExecutionId"], limit)
        return Result(columns, rows, scanned(done))

    def export(self, events: ExportFilter, folder: Path, *, on_progress: OnProgress = no_progress) -> Exported:
        """Write the events to Parquet files in the folder; no file where there are no events."""
        on_progress("counting")
        # UNLOAD does not say how many rows it wrote, and without any there is no file to write.
        counted = self.query(count_sql(events))
        rows = int(counted.rows[0][0])
        if not rows:
            return Exported([], 0, counted.bytes_scanned)
        bucket, prefix = self._athena.results
        # UNLOAD writes only to a prefix that is empty.
        # https://docs.aws.amazon.com/athena/latest/ug/unload.html
        target = f"{prefix}export-{uuid.uuid4()}/"
        on_progress(f"Athena writes {rows:,} events")
        try:
            done = self._athena.run(
                f"UNLOAD ({export_sql(events)}) TO 's3://{bucket}/{target}' WITH (format = 'PARQUET')"
            )
            files = self._download(bucket, target, folder, on_progress)
        finally:
            self._delete(bucket, target)
        return Exported(files, rows, counted.bytes_scanned + scanned(done))

    def _download(self, bucket: str, prefix: str, folder: Path, on_progress: OnProgress) -> list[str]:
        with self._bot.translate_errors():
            s3, files = self._bot.client("s3"), list[str]()
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for each in page.get("Contents", []):
                    on_progress(f"downloading file {len(files) + 1}, {each['Size']:,} bytes")
                    files.append(f"part-{len(files):05}.parquet")
                    s3.download_file(bucket, each["Key"], str(folder / files[-1]))
        return files

    def _delete(self, bucket: str, prefix: str) -> None:
        """Delete what UNLOAD wrote."""
        # Without the permission to delete the export still succeeds: a lifecycle rule deletes the objects after a week.
        with contextlib.suppress(AwsError), self._bot.translate_errors():
            s3 = self._bot.client("s3")
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                if keys := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
                    s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
