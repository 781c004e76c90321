"""`twbot cost`: estimates what a stage costs on AWS and at X."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import as_json, print_line, table
from twbot.cli.ui.figures import Cell, money_text
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, Region, StageName
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.cli.cost.bill import Bill, Counted, Line, Traffic
    from twbot.stacks.config import StageConfig

ASSUMED = (
    "Prices are public list prices before free tiers, of us-east-1 or eu-west-1; ? marks what is not confirmed.",
    "Counted by running the stage's workflow and handlers on recorded messages: one photo at most, the language known "
    "to X, nobody negative (each alert costs besides), every text a wish for a joke.",
    "Lambda: milliseconds measured on this machine, warm, plus assumed waits for the network; no cold starts. "
    "Step Functions Express: the assumed waits alone.",
    "Each call of a function of your bot's folder is taken to last 300 ms, whatever it answers.",
    "Logs, traces and files of the lake are estimated; queries, replays and API Gateway's access log are left out, and "
    "what a stage costs when nobody tweets comes on top.",
)


def share(text: str | float) -> float:
    """Parse a share: 50% or 0.5. Raises typer.BadParameter if it is not between 0 and 1."""
    stripped = str(text).strip()
    try:
        value = float(stripped.removesuffix("%")) / (100 if stripped.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"{stripped}: a share is written 50% or 0.5.")
    return value


def cost(
    messages: Annotated[int, typer.Option("--messages", min=1, help="So many messages a month.")] = 1_000_000,
    images: Annotated[float, typer.Option("--images", parser=share, metavar="SHARE", help="With a photo.")] = 0.5,
    answered: Annotated[
        float, typer.Option("--answered", parser=share, metavar="SHARE", help="Mentioning the bot, so answered.")
    ] = 1.0,
    stage: StageName = "prod",
    region: Region = None,
    json: AsJson = False,
) -> None:
    """What a month of messages costs, by service, X's own fees included.

    Example: twbot cost --messages 1000000 --images 50%
    """
    from twbot.cli.cost.bill import Traffic

    traffic = Traffic(messages, images, answered)
    configured = _stage(stage)
    where, doubts = _region(region or configured.aws.region)
    found = _bill(configured, traffic, where)
    if json:
        as_json(_document(configured, traffic, where, found, doubts))
        return
    _show(configured, traffic, where, found, doubts)


def _stage(name: str) -> StageConfig:
    """Load the stage without its account id, which changes no price. Raises CliError for `local`."""
    from twbot.stacks.config import load_stage

    if name == LOCAL:
        raise CliError("The bot on this machine has no AWS bill.", hint="Name a stage: --stage prod", code=Exit.USAGE)
    return load_stage(name, twitter_account_id="1")  # no price depends on it, so none has to be configured


def _region(name: str | None) -> tuple[str, list[str]]:
    """Return the region whose prices are used, and the doubts about that."""
    from twbot.cli.cost.prices import REGION, price_table

    if name is None or name in price_table().regions:
        return name or REGION, []
    return name, [f"There are no prices of {name}: these are {REGION}'s."]


def _bill(stage: StageConfig, traffic: Traffic, region: str) -> Bill:
    from twbot.cli.cost.bill import bill

    return bill(_counted(stage), traffic, stage, region)


def _counted(stage: StageConfig) -> Counted:
    from twbot.cli.cost.counting import count_message

    kinds = [(kind, summoned) for kind in ("text", "image") for summoned in (True, False)]
    return {(kind, summoned): count_message(stage, kind, summoned=summoned) for kind, summoned in kinds}


def _document(stage: StageConfig, traffic: Traffic, region: str, found: Bill, doubts: list[str]) -> dict[str, Any]:
    import msgspec

    from twbot.cli.cost.bill import SOURCE_DESIGN_GBP
    from twbot.cli.cost.prices import price_table

    return {
        "stage": stage.name,
        "region": region,
        "prices_of": price_table().date,
        "currency": price_table().currency,
        **traffic._asdict(),
        **msgspec.to_builtins(found),
        "source_design": {"per_million_gbp": SOURCE_DESIGN_GBP, "covers": "AWS only, at the prices of the early 2020s"},
        "doubts": [*doubts, *_doubts([*found.services, *found.idle_per_month]), *ASSUMED],
    }


def _show(stage: StageConfig, traffic: Traffic, region: str, found: Bill, doubts: list[str]) -> None:
    from twbot.cli.cost.bill import SOURCE_DESIGN_GBP
    from twbot.cli.cost.prices import price_table

    mix = f"{traffic.images:.0%} with a photo, {traffic.answered:.0%} answered"
    title = f"Stage {stage.name}, {region}: {traffic.messages:,} messages a month, {mix}"
    columns = ["service", Column("what", gives_way=True), "quantity", "unit", "USD", Column("", drawn=True)]
    table(columns, [_row(line) for line in found.services], title=title)
    million = found.total_aws / traffic.messages * 1_000_000
    print_line(
        f"Total USD {money_text(found.total)}: X {money_text(found.total_x)}, AWS {money_text(found.total_aws)}; "
        f"{money_text(found.per_message)} a message."
    )
    print_line(
        f"AWS alone, for a million messages like these: USD {million:,.0f}. "
        f"The source design's: £{SOURCE_DESIGN_GBP:,} (AWS only, early 2020s)."
    )
    table(columns, [_row(line) for line in found.idle_per_month], title="When nobody tweets, a month (storage besides)")
    print_line(f"Prices of {price_table().date}.")
    for doubt in [*doubts, *_doubts([*found.services, *found.idle_per_month]), *ASSUMED]:
        print_line(f"- {doubt}")


def _row(line: Line) -> tuple[object, ...]:
    mark = "" if line.confirmed else "?"
    return line.service, line.what, line.quantity, line.unit, Cell(line.usd, money_text(line.usd)), mark


def _doubts(lines: list[Line]) -> list[str]:
    return [f"{line.service}, {line.what}: {line.doubt}." for line in lines if line.doubt]
