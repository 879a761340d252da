"""``wscost estimate``, ``compare`` and ``explain``: a workload in, bills out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from wscost.cli import options, output
from wscost.cli.sharing import drawing, pricing, reading, sharing
from wscost.reports import format_named

ESTIMATE = """Estimate the monthly bill of a WebSocket workload.

Without --plan, every paid Cloudflare plan is priced and the cheapest told in full.
Without --deployment, a trace that names objects is priced with and without hibernation,
any other as a plain Worker."""
COMPARE = """Compare the monthly bills under every Cloudflare plan.

The free plan is among them; other plans are named with --plan. A plan whose limits
the workload breaks is shown, but cannot be the cheapest."""
PLANS_TO_COMPARE = ("cloudflare/*",)


@sharing(pricing, reading, drawing)
def estimate(
    context: typer.Context,
    inputs: options.Inputs,
    *,
    plan: options.Plans = None,
    deployment: options.Deployments = None,
    engine: options.Engine = "local",
    scheduler: options.Scheduler = None,
    replicates: options.Replicates = None,
    format_: options.Format = "table",
    file: options.Output = None,
    **how: Any,
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
            replicates=replicates,
            progress=progress,
            remark=output.complain,
            engine=started,
            **how,
        )
    output.tell(report.render(comparison, width=output.width(file), color=output.colored(file)), file)


@sharing(pricing, reading, drawing)
def explain(
    inputs: options.Inputs,
    *,
    plan: options.Plan = None,
    sku: options.Sku = None,
    deployment: options.Deployment = None,
    engine: options.Engine = "local",
    scheduler: options.Scheduler = None,
    replicates: options.Replicates = None,
    file: options.Output = None,
    **how: Any,
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
            replicates=replicates,
            progress=progress,
            remark=output.complain,
            engine=started,
            **how,
        )
    output.tell(explain(bill, sku, width=output.width(file), color=output.colored(file)), file)
