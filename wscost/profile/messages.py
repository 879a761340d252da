"""Messages as a profile writes them: what each client sends, what it is sent, and what rooms pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, field_validator

from wscost.errors import UnknownNameError
from wscost.profile.distributions import Constant, Counts, Distribution, Lengths, Sizes
from wscost.profile.law import Law
from wscost.profile.quantities import Seconds, Strict, UncertainSeconds, UncertainShare, likely


class _Sized(Strict):
    bytes: Sizes | None = None
    """Payload of one message; unknown where it is left out, and so are the bytes of its direction."""


class Interval(_Sized):
    """One message each so many seconds, from the moment the connection opened."""

    process: Literal["interval"]
    every: UncertainSeconds


class Poisson(_Sized):
    """Messages at random, so far apart on average."""

    process: Literal["poisson"] = "poisson"
    every: UncertainSeconds


class Phase(Strict):
    """A state of a connection: how far apart its messages are, and how long it lasts on average."""

    every: UncertainSeconds | None = None
    stay: UncertainSeconds


class Mmpp(_Sized):
    """A Poisson process whose rate goes round several states, each lasting an exponential time."""

    process: Literal["mmpp"]
    states: Annotated[tuple[Phase, ...], Field(min_length=2)]

    @property
    def phases(self) -> list[tuple[float, Law]]:
        """Each state's rate and the law of its length. [1/s, s]"""
        from scipy import stats

        from wscost.profile.law import of_family

        return [
            (0.0 if s.every is None else 1 / likely(s.every), of_family(stats.expon(scale=likely(s.stay))))
            for s in self.states
        ]


class Bursts(_Sized):
    """Times of talk and of silence in turn; while talking, messages at random so far apart on average."""

    process: Literal["bursts"]
    on: Lengths
    off: Lengths
    every: UncertainSeconds

    @field_validator("on")
    @classmethod
    def _lasts(cls, value: Distribution) -> Distribution:
        if not value.law().mean:
            raise ValueError("times of talk must last longer than nothing")
        return value

    @field_validator("off")
    @classmethod
    def _pauses(cls, value: Distribution) -> Distribution:
        if not value.law().mean:
            raise ValueError("times of silence must last longer than nothing; else say process: poisson")
        return value

    @property
    def phases(self) -> list[tuple[float, Law]]:
        """The rate and the law of the length, of talk and of silence. [1/s, s]"""
        return [(1 / likely(self.every), self.on.law()), (0.0, self.off.law())]


class Reply(_Sized):
    """Every message in is answered by some out: one, or hundreds where an answer is streamed."""

    process: Literal["reply"]
    count: Counts = Constant(value=1.0)
    delay: Lengths = Constant(value=0.0)
    """Until the first of them."""
    every: Seconds = 0.0
    """Between one of them and the next. [s]"""


class Broadcast(Strict):
    """Every message in goes to everybody else in the room, with the size that it came with."""

    process: Literal["broadcast"]
    share: UncertainShare = 1.0
    """The share of messages that are passed on."""
    echo: bool = False
    """Whether the sender gets it back too."""


class Push(_Sized):
    """The room itself speaks to everybody in it: a score, a price, a tick."""

    process: Literal["push"]
    every: UncertainSeconds
    arrivals: Literal["even", "poisson"] = "even"


_IN = {"interval", "poisson", "mmpp", "bursts"}
_OUT = _IN | {"reply", "broadcast", "push"}


def _written(value: Any, known: set[str]) -> Any:
    """Return a process with its name; one that does not say is Poisson."""
    if isinstance(value, str):
        value = {"process": value}
    if not isinstance(value, dict):
        return value
    name = value.get("process", "poisson")
    if not isinstance(name, str) or name not in known:
        raise ValueError(str(UnknownNameError("process", str(name), known)))
    return {**value, "process": name}


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


Own: TypeAlias = Interval | Poisson | Mmpp | Bursts
"""What a connection does by itself."""

if TYPE_CHECKING:
    Incoming: TypeAlias = tuple[Own, ...]
    Outgoing: TypeAlias = tuple[Own | Reply | Broadcast | Push, ...]
else:

    def _processes(kinds, known):
        one = Annotated[
            kinds,
            Discriminator("process"),
            BeforeValidator(
                lambda value: _written(value, known), json_schema_input_type=kinds | Literal[*sorted(known)]
            ),
        ]
        return Annotated[
            tuple[one, ...], BeforeValidator(_listed, json_schema_input_type=tuple[one, ...] | one)
        ]

    Incoming = _processes(Own, _IN)
    """One process, or several at once, of messages from the client."""
    Outgoing = _processes(Own | Reply | Broadcast | Push, _OUT)
    """One process, or several at once, of messages to the client."""


class Messages(Strict):
    """Messages from the client and to the client."""

    incoming: Incoming = Field(default=(), alias="in")
    outgoing: Outgoing = Field(default=(), alias="out")
