"""Client libraries: what they send to stay alive, and how long they wait before they come back.

Read from the packages on 2026-11-23. A protocol ping is no message, so a library that keeps alive by
protocol pings has no heartbeat here; one that sends messages has, and they are billed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wscost.errors import UnknownNameError
from wscost.profile.quantities import Bytes, PositiveSeconds, Seconds, Strict


class Heartbeat(Strict):
    """A message that only keeps the connection alive, and its answer; a size that is missing is not sent."""

    every: PositiveSeconds
    bytes_in: Bytes | None = None
    bytes_out: Bytes | None = None
    after_silence: Literal["in", "out"] | None = None
    """Sent only after so long without another message in that direction."""
    auto_response: bool = False
    """The platform answers (``setWebSocketAutoResponse``): no handler runs and nothing is charged."""

    @model_validator(mode="after")
    def _sends_something(self) -> Heartbeat:
        if self.bytes_in is None and self.bytes_out is None:
            raise ValueError("a heartbeat sends nothing without bytes_in or bytes_out: say how large it is")
        return self


def _pair(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value, value)


def _in_order(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("the longest wait is shorter than the shortest: write [shortest, longest]")
    return value


Delay = Annotated[
    tuple[Seconds, Seconds],
    BeforeValidator(_pair, json_schema_input_type=Seconds | tuple[Seconds, Seconds]),
    AfterValidator(_in_order),
]
"""The shortest and the longest wait before an attempt; one figure stands for both. [s]"""


class Client(Strict):
    """How clients behave between messages and after a close."""

    name: str = "own"
    about: str = ""
    heartbeats: tuple[Heartbeat, ...] = ()
    reconnect: Annotated[tuple[Delay, ...], Field(min_length=1)] = ((1.0, 1.0),)
    """Waits before the first, second … attempt; the last one repeats."""
    gives_up: bool = False
    """Whether the client stays away when the last wait has led to nothing."""


def _client(
    name: str, about: str, reconnect: list[Any], *heartbeats: Heartbeat, gives_up: bool = False
) -> Client:
    return Client(
        name=name,
        about=about,
        reconnect=tuple(map(_pair, reconnect)),
        heartbeats=heartbeats,
        gives_up=gives_up,
    )


CLIENTS: dict[str, Client] = {
    client.name: client
    for client in (
        _client(
            "socket.io",
            "engine.io 6.6.12 and socket.io-client 4.8.4, https://socket.io/docs/v4/engine-io-protocol/: the "
            "server sends a packet each 25 s and the client answers it; both are messages. Back after 1 s, "
            "doubling to 5 s, half of it at random.",
            [(0.5, 1.5), (1.0, 3.0), (2.0, 5.0), (4.0, 5.0), 5.0],
            Heartbeat(every=25.0, bytes_in=1.0, bytes_out=1.0),
        ),
        _client(
            "phoenix",
            "phoenix 1.8.16, https://hexdocs.pm/phoenix/js/: a heartbeat message each 30 s and its reply.",
            [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0],
            Heartbeat(every=30.0, bytes_in=36.0, bytes_out=63.0),
        ),
        _client(
            "signalr",
            "@microsoft/signalr 10.0.11, https://learn.microsoft.com/aspnet/core/signalr/configuration: "
            "each side sends a ping message after 15 s in which it sent nothing else. Four attempts.",
            [0.0, 2.0, 10.0, 30.0],
            Heartbeat(every=15.0, bytes_in=11.0, after_silence="in"),
            Heartbeat(every=15.0, bytes_out=11.0, after_silence="out"),
            gives_up=True,
        ),
        _client(
            "pusher-js",
            "pusher-js 8.6.0, https://github.com/pusher/pusher-js: a ping message after 120 s in which "
            "nothing came from the server, and its pong. Back after 1 s.",
            [1.0],
            Heartbeat(every=120.0, bytes_in=33.0, bytes_out=35.0, after_silence="out"),
        ),
        _client(
            "partysocket",
            "partysocket 1.3.0, https://github.com/cloudflare/partykit: no heartbeat. Back after 3 s, then "
            "1.3 times as long each time, up to 10 s.",
            [3.0, 3.9, 5.07, 6.591, 8.568, 10.0],
        ),
        _client(
            "graphql-ws",
            "graphql-ws 6.4.2, https://the-guild.dev/graphql/ws: clients send no heartbeat unless keepAlive "
            "is set; servers send protocol pings. 1 s doubling, plus 0.3 to 3 s at random, five attempts.",
            [(1.3, 4.0), (2.3, 5.0), (4.3, 7.0), (8.3, 11.0), (16.3, 19.0)],
            gives_up=True,
        ),
        _client(
            "plain",
            "The browser's WebSocket and a few lines around it: no heartbeat; back after 1 to 5 s (assumed).",
            [(1.0, 5.0)],
        ),
    )
}


class ClientChoice(Client):
    """A client as a profile writes it: a preset, and what is to be otherwise."""

    preset: Literal[*CLIENTS] | None = None  # type: ignore[valid-type]


def _chosen(value: Any) -> Any:
    """Return the client that a profile names or describes; ``preset`` lends what it does not say."""
    if isinstance(value, str):
        value = {"preset": value}
    if not isinstance(value, dict) or "preset" not in value:
        return value
    name = value["preset"]
    if name not in CLIENTS:
        raise ValueError(str(UnknownNameError("client", str(name), CLIENTS)))
    lent = {field: getattr(CLIENTS[name], field) for field in Client.model_fields}
    return {**lent, **{key: part for key, part in value.items() if key != "preset"}}


if TYPE_CHECKING:
    ChosenClient: TypeAlias = Client
else:
    ChosenClient = Annotated[
        Client, BeforeValidator(_chosen, json_schema_input_type=Literal[*CLIENTS] | ClientChoice)
    ]
    """A preset's name, a preset with changes, or a client of one's own."""
