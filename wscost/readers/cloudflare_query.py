"""The query to send to Cloudflare, so that its answer can be read as usage by day."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

from wscost.errors import ConfigError

LONGEST = timedelta(days=31)
_NAMESPACE = re.compile(r"[0-9a-fA-F]{32}")

_OBJECTS = """\
      durableObjectsPeriodicGroups(limit: 10000, filter: {{{days}, namespaceId: "{namespace}"}}) {{
        dimensions {{ date namespaceId }}
        sum {{
          activeTime inboundWebsocketMsgCount outboundWebsocketMsgCount
          rowsRead rowsWritten storageReadUnits storageWriteUnits storageDeletes
        }}
        max {{ activeWebsocketConnections }}
      }}
      durableObjectsInvocationsAdaptiveGroups(limit: 10000, filter: {{{days}, namespaceId: "{namespace}"}}) {{
        dimensions {{ date namespaceId type }}
        sum {{ requests }}
      }}
"""
_WORKER = """\
      workersInvocationsAdaptive(limit: 10000, filter: {{{days}, scriptName: {script}}}) {{
        dimensions {{ date scriptName }}
        sum {{ requests cpuTimeUs }}
      }}
"""


def cloudflare_query(namespace: str, start: date, end: date, script: str | None = None) -> str:
    """Return the GraphQL query for the billed meters of a Durable Object namespace, by UTC day.

    It is sent to https://api.cloudflare.com/client/v4/graphql with the variable ``accountTag``;
    one query answers about a month, and Cloudflare keeps about three
    (https://developers.cloudflare.com/durable-objects/observability/metrics-and-analytics/,
    read 2026-11-23).

    Parameters
    ----------
    namespace
        The id of the namespace, 32 hexadecimal digits.
    start, end
        The days asked for, half open: ``end`` is the day after the last.
    script
        The Worker in front of the objects; None: its requests and CPU time are not asked for.

    Raises
    ------
    ConfigError
        If the namespace is no id, or the days are none or more than 31.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise ConfigError(
            f"--namespace {namespace!r:.60} is no namespace id: 32 hexadecimal digits, as "
            "`npx wrangler durable-objects namespace list` or the dashboard shows it."
        )
    last = end - timedelta(days=1)
    if last < start:
        raise ConfigError(f"--to {last} is before --from {start}: they are the last day and the first.")
    if end - start > LONGEST:
        raise ConfigError(
            f"--from {start} --to {last}: one query answers at most {LONGEST.days} days. Ask for each month "
            "on its own and name all answers as inputs."
        )
    days = f'date_geq: "{start}", date_leq: "{last}"'
    asked = _OBJECTS.format(days=days, namespace=namespace.lower())
    if script is not None:
        asked += _WORKER.format(days=days, script=json.dumps(script))
    return (
        "query Usage($accountTag: string!) {\n  viewer {\n    accounts(filter: {accountTag: $accountTag}) {\n"
        f"{asked}    }}\n  }}\n}}\n"
    )
