"""``wscost estimate``, ``compare`` and ``explain``: a workload in, bills out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from wscost.cli import options, output
from wscost.reports import format_named

ESTIMATE = """Estimate the monthly bill of a WebSocket workload.

Without --plan, every paid Cloudflare plan is priced and the cheapest told in full.
Without --deployment, a trace that names objects is priced with and without hibernation,
any other as a plain Worker."""
COMPARE = """Compare the monthly bills under every Cloudflare plan.

The free plan is among them; other plans are named with --plan. A plan whose limits
the workload breaks is shown, but cannot be the cheapest."""
PLANS_TO_COMPARE = ("cloudflare/*",)


def estimate(
    context: typer.Context,
    inputs: options.Inputs,
    *,
    plan: options.Plans = None,
    deployment: options.Deployments = None,
    region: options.Region = None,
    as_of: options.AsOf = None,
    month: options.Month = None,
    cycle_start: options.CycleStart = None,
    rounding: options.RoundingRule = None,
    offer: options.Offers = None,
    pricing: options.Pricing = None,
    input_format: options.InputFormat = None,
    assume_utc: options.AssumeUtc = False,
    window: options.Window = None,
    skip_bad_rows: options.SkipBadRows = False,
    map_: options.Map = None,
    format_option: options.FormatOption = None,
    engine: options.Engine = "local",
    scheduler: options.Scheduler = None,
    seed: options.Seed = None,
    sample: options.Sample = None,
    replicates: options.Replicates = None,
    format_: options.Format = "table",
    file: options.Output = None,
) -> None:
    """Price the inputs; run as ``compare``, under more plans unless some are named."""
    from wscost.engines import engine_named

    report = format_named(format_)
    look: Callable[..., Any]
    if getattr(report, "STUDIED", False):
        from wscost.studying import study

        look = study
    else:
        from wscost.comparing import compare

        look = compare
    if not plan and context.info_name == "compare":
        plan = list(PLANS_TO_COMPARE)
    with output.progress() as progress, engine_named(engine, scheduler, progress) as started:
        comparison = look(
            inputs,
            plan=plan,
            deployment=deployment,
            region=region,
            as_of=as_of,
            month=month,
            cycle_start=cycle_start,
            rounding=rounding,
            offers=offer or (),
            pricing=pricing or (),
            input_format=input_format,
            assume_utc=assume_utc,
            window=window,
            skip_bad_rows=skip_bad_rows,
            format_options=options.format_options(map_, format_option),
            seed=seed,
            sample=sample,
            replicates=replicates,
            progress=progress,
            remark=output.complain,
            engine=started,
        )
    output.tell(report.render(comparison, width=output.width(file), color=output.colored(file)), file)


def explain(
    inputs: options.Inputs,
    *,
    plan: options.Plan = None,
    sku: options.Sku = None,
    deployment: options.Deployment = None,
    region: options.Region = None,
    as_of: options.AsOf = None,
    month: options.Month = None,
    cycle_start: options.CycleStart = None,
    rounding: options.RoundingRule = None,
    offer: options.Offers = None,
    pricing: options.Pricing = None,
    input_format: options.InputFormat = None,
    assume_utc: options.AssumeUtc = False,
    window: options.Window = None,
    skip_bad_rows: options.SkipBadRows = False,
    map_: options.Map = None,
    format_option: options.FormatOption = None,
    engine: options.Engine = "local",
    scheduler: options.Scheduler = None,
    seed: options.Seed = None,
    sample: options.Sample = None,
    replicates: options.Replicates = None,
    file: options.Output = None,
) -> None:
    """Explain each amount of a bill, down to its source.

    From cents to the tier, the billed quantity, the rounding, the allowance, the meters, and the
    page that publishes the price, with the day since which it holds.
    """
    from wscost.engines import engine_named
    from wscost.estimating import estimate
    from wscost.reports.explanation import explain

    with output.progress() as progress, engine_named(engine, scheduler, progress) as started:
        bill = estimate(
            inputs,
            plan=plan,
            deployment=deployment,
            region=region,
            as_of=as_of,
            month=month,
            cycle_start=cycle_start,
            rounding=rounding,
            offers=offer or (),
            pricing=pricing or (),
            input_format=input_format,
            assume_utc=assume_utc,
            window=window,
            skip_bad_rows=skip_bad_rows,
            format_options=options.format_options(map_, format_option),
            seed=seed,
            sample=sample,
            replicates=replicates,
            progress=progress,
            remark=output.complain,
            engine=started,
        )
    output.tell(explain(bill, sku, width=output.width(file), color=output.colored(file)), file)
