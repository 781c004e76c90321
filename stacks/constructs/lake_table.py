"""The lake in Athena: the Glue table of lambdas/analytics/table.py, the workgroup and the saved queries."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from constructs import Construct

from twbot.lambdas.analytics.columns import table_columns
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.analytics.table import DATABASE, PARTITION, PARTITION_FORMAT, TABLE
from twbot.stacks.config import StageConfig

EVENTS = "events/"
RESULTS = "athena-results/"
FIRST_HOUR = "2026/01/01/00"


def add_table(scope: Construct, stage: StageConfig, bucket_name: str) -> glue.CfnDatabase:
    """Add the Glue database and its table over the events in the bucket."""
    database = glue.CfnDatabase(
        scope,
        "Database",
        catalog_id=Aws.ACCOUNT_ID,
        database_input=glue.CfnDatabase.DatabaseInputProperty(name=stage.named(DATABASE)),
    )
    location = f"s3://{bucket_name}/{EVENTS}"
    glue.CfnTable(
        scope,
        "Table",
        catalog_id=Aws.ACCOUNT_ID,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=TABLE,
            table_type="EXTERNAL_TABLE",
            parameters={"classification": "json", "EXTERNAL": "TRUE", **_projection(location)},
            partition_keys=[glue.CfnTable.ColumnProperty(name=PARTITION, type="string")],
            storage_descriptor=_lines_of_json(location),
        ),
    )
    return database


def _projection(location: str) -> dict[str, str]:
    # Athena computes the partitions from these patterns: no crawler, and new hours are there at once.
    # https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
    prefix = f"projection.{PARTITION}"
    return {
        "projection.enabled": "true",
        f"{prefix}.type": "date",
        f"{prefix}.format": PARTITION_FORMAT,
        f"{prefix}.range": f"{FIRST_HOUR},NOW",
        f"{prefix}.interval": "1",
        f"{prefix}.interval.unit": "HOURS",
        "storage.location.template": f"{location}${{{PARTITION}}}/",
    }


def _lines_of_json(location: str) -> glue.CfnTable.StorageDescriptorProperty:
    # Glue stores names in lower case; `case.insensitive` makes them match the events' PascalCase keys.
    # `ignore.malformed.json` keeps one bad line from failing every query.
    # https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
    return glue.CfnTable.StorageDescriptorProperty(
        location=location,
        columns=[
            glue.CfnTable.ColumnProperty(name=name.lower(), type=kind.lower()) for name, kind in table_columns().items()
        ],
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serde_info=glue.CfnTable.SerdeInfoProperty(
            serialization_library="org.openx.data.jsonserde.JsonSerDe",
            parameters={"case.insensitive": "TRUE", "ignore.malformed.json": "TRUE"},
        ),
    )


def add_workgroup(scope: Construct, stage: StageConfig, bucket_name: str, database: glue.CfnDatabase) -> None:
    """Add the workgroup, which limits what a query may scan, and the saved queries in it."""
    workgroup = athena.CfnWorkGroup(
        scope,
        "Workgroup",
        name=stage.prefix,
        recursive_delete_option=True,  # without it, a workgroup with saved queries cannot be deleted
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,  # a client cannot choose another bucket or no encryption
            publish_cloud_watch_metrics_enabled=True,
            bytes_scanned_cutoff_per_query=stage.aws.query_limit_mb * 1_000_000,
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=f"s3://{bucket_name}/{RESULTS}",
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_S3"
                ),
            ),
        ),
    )
    for name, query in saved_queries().items():
        athena.CfnNamedQuery(
            scope,
            f"Query-{name}",
            name=name,
            description=query.description or None,
            database=database.ref,
            query_string=query.sql,
            work_group=workgroup.ref,
        )
    CfnOutput(scope, "WorkgroupName", value=workgroup.ref)
    CfnOutput(scope, "DatabaseName", value=database.ref)
