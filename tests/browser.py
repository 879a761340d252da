"""A headless Chromium, spoken to over two pipes: no port, no network, a profile of its own.

It speaks the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/ (read 2026-11-23).
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--remote-debugging-pipe", "--force-color-profile=srgb", "--hide-scrollbars",
)  # fmt: skip
INSTALL = "apt-get install chromium"
TIME_LIMIT_S = 60


def chromium() -> str | None:
    """Return where Chromium is installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


class Browser:
    """One tab of a browser."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of = to, of
        self._number, self._rest = 0, b""
        self._events: list[dict[str, Any]] = []
        self._session: dict[str, str] = {}
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    def open(self, page: Path, width: int, *, scheme: str = "light", media: str = "") -> None:
        """Load a page at a width, in a colour scheme, perhaps as for print; forget what was before. [px]"""
        self._events.clear()
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._send("Emulation.setEmulatedMedia", media=media, features=features)
        self._send("Page.navigate", url=page.as_uri())
        while not self._met("Page.loadEventFired"):
            self._events.append(self._next())

    def ask(self, expression: str) -> Any:
        """Evaluate JavaScript and return its value."""
        result = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def complaints(self) -> list[str]:
        """Return what the page wrote to the console, and every exception in it."""
        return [
            json.dumps(event["params"])
            for event in self._met("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        ]

    def fetched(self) -> list[str]:
        """Return the address of everything that the page asked for, itself included."""
        return [event["params"]["request"]["url"] for event in self._met("Network.requestWillBeSent")]

    def screenshot(self) -> bytes:
        """Return the whole page as PNG."""
        shot = self._send("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def print(self) -> bytes:
        """Return the page as PDF."""
        return base64.b64decode(self._send("Page.printToPDF")["data"])

    def _met(self, *names: str) -> list[dict[str, Any]]:
        return [event for event in self._events if event["method"] in names]

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if "method" in answer:
                self._events.append(answer)
            elif answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select([self._of], [], [], TIME_LIMIT_S)[0]:
                raise AssertionError(f"Chromium has said nothing for {TIME_LIMIT_S} s.")
            heard = os.read(self._of, 1 << 20)
            if not heard:
                raise AssertionError("Chromium has gone.")
            self._rest += heard
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile in a folder, and end it."""
    (to_read, to), (of, of_write) = os.pipe(), os.pipe()
    # The browser reads from its descriptor 3 and writes to 4.
    started = subprocess.Popen(
        ["bash", "-c", f'exec 8<&{to_read} 9>&{of_write} 3<&8 4>&9; exec "$@"', "bash", program, *FLAGS,
         f"--user-data-dir={folder}", "about:blank"],
        pass_fds=(to_read, of_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_read)
    os.close(of_write)
    try:
        yield Browser(to, of)
    finally:
        os.close(to)
        os.close(of)
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
