"""What collectors of logs put around a line that a program wrote, taken off again.

=============================  =====================================================================
collector                      puts
=============================  =====================================================================
``docker compose logs``        ``web-1  | `` before it, with ``-t`` its time too
``docker logs -t``             its time before it
Docker's files                 it into ``{"log": "…", "stream": "stdout", "time": "…"}``
``kubectl logs --prefix``      ``[pod/web-5d/nginx] `` before it
containerd, CRI-O              its time, the stream, and ``F`` or ``P`` before it
syslog, ``journalctl``         a priority, a time, a host and ``nginx[123]: `` before it
=============================  =====================================================================

Sources (read 2026-11-25): https://docs.docker.com/reference/cli/docker/compose/logs/,
https://docs.docker.com/engine/logging/drivers/json-file/,
https://kubernetes.io/docs/concepts/cluster-administration/logging/,
https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md,
https://www.rfc-editor.org/rfc/rfc3164#section-4.1.2 and
https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#Output%20Options.
"""

from __future__ import annotations

import re

import orjson

_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
_BEFORE = re.compile(
    rb"(?:"
    rb"[\w./-]+ +\| "
    rb"|\[pod/[^\]]+\] "
    rb"|(?:<\d+>)?(?:" + _TIME + rb"|\w{3} +\d+ \d\d:\d\d:\d\d) \S+ [\w./-]+(?:\[\d+\])?: "
    rb"|" + _TIME + rb" (?:std(?:out|err) [FP] )?"
    rb")+"
)


def unwrapped(line: bytes) -> bytes | None:
    """Return the line as the program wrote it; None where no collector has put anything around it."""
    if line.startswith(b'{"log":'):
        try:
            log = orjson.loads(line)["log"]
        except orjson.JSONDecodeError:
            return None
        return log.strip().encode() if isinstance(log, str) else None
    before = _BEFORE.match(line)
    return line[before.end() :].lstrip() if before else None
