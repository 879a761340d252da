"""The deployment: how the service is built, as far as it moves the bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from wscost.errors import UnknownNameError
from wscost.exact import EXACT
from wscost.usage import METERS

Milliseconds = Annotated[Decimal, Field(ge=0, le=900_000), EXACT]
Always = Literal["always"]
Endpoint = Literal["worker", "durable-object", "origin"]
Storage = Literal["undeclared", "none", "kv", "sqlite"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HandlerTime(_Strict):
    """Wall time of one handler run, by kind of event. [ms]

    Short handlers took 0.5 to 2.1 ms on workerd 1.20261117.1, on loopback; the default is that, rounded
    up. The worked example on https://developers.cloudflare.com/durable-objects/platform/pricing/
    (read 2026-11-23) takes 10 ms: handlers that await storage or a fetch need a figure of their own.
    """

    open: Milliseconds = Decimal(2)
    message: Milliseconds = Decimal(2)
    close: Milliseconds = Decimal(2)
    error: Milliseconds = Decimal(2)
    alarm: Milliseconds = Decimal(2)
    request: Milliseconds = Decimal(2)


class CpuTime(_Strict):
    """CPU time of Workers per connect and per message. [ms]

    Defaults are what workerd 1.20261117.1 took on loopback (0.55 and 0.42 ms), rounded up.
    """

    connect: Milliseconds = Decimal(1)
    message: Milliseconds = Decimal("0.5")


class Pins(_Strict):
    """What keeps an idle object from hibernating: the share of its open time, or ``always``."""

    timer: Annotated[Decimal, Field(ge=0, le=1), EXACT] | Always = Decimal(0)
    wait_until: Annotated[Decimal, Field(ge=0, le=1), EXACT] | Always = Decimal(0)
    outgoing_socket: Annotated[Decimal, Field(ge=0, le=1), EXACT] | Always = Decimal(0)

    @property
    def always(self) -> bool:
        """Whether something holds the object for as long as a socket is open, and past it."""
        return "always" in (self.timer, self.wait_until, self.outgoing_socket)

    @property
    def share(self) -> Decimal:
        """The share of time in which at least one pin is held, taking pins as independent."""
        if self.always:
            return Decimal(1)
        free = Decimal(1)
        for pin in (self.timer, self.wait_until, self.outgoing_socket):
            free *= 1 - Decimal(pin)
        return 1 - free


class Deployment(_Strict):
    """Where sockets end, whether objects hibernate, and what a handler costs."""

    name: str = ""
    endpoint: Endpoint = "worker"
    hibernation: StrictBool = False
    auto_response: StrictBool = True
    handler_ms: HandlerTime = HandlerTime()
    cpu_ms: CpuTime = CpuTime()
    pins: Pins = Pins()
    storage: Storage = "undeclared"
    monthly: dict[str, Annotated[Decimal, Field(ge=0), EXACT]] = Field(default_factory=dict)

    @field_validator("handler_ms", mode="before")
    @classmethod
    def _one_time_for_all(cls, value: object) -> object:
        if isinstance(value, (int, Decimal, str)) and not isinstance(value, bool):
            return dict.fromkeys(HandlerTime.model_fields, value)
        return value

    @field_validator("monthly")
    @classmethod
    def _known_meters(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for name in value:
            if name not in METERS:
                raise ValueError(str(UnknownNameError("meter", name, METERS)))
        return value

    @model_validator(mode="after")
    def _hibernation_needs_an_object(self) -> Deployment:
        if self.hibernation and self.endpoint != "durable-object":
            raise ValueError("hibernation needs endpoint: durable-object")
        return self

    @property
    def in_object(self) -> bool:
        """Whether sockets end in a Durable Object."""
        return self.endpoint == "durable-object"

    @property
    def label(self) -> str:
        """The deployment's name, or the preset that it resembles."""
        return self.name or (f"{self.endpoint}-hibernation" if self.hibernation else self.endpoint)

    @property
    def properties(self) -> dict[str, str]:
        """What a price book's ``when`` may ask of a deployment."""
        return {
            "endpoint": self.endpoint,
            "hibernation": "true" if self.hibernation else "false",
            "storage": self.storage,
        }


PRESETS: dict[str, Deployment] = {
    d.name: d
    for d in (
        Deployment(name="worker", endpoint="worker"),
        Deployment(name="durable-object", endpoint="durable-object"),
        Deployment(name="durable-object-hibernation", endpoint="durable-object", hibernation=True),
    )
}
