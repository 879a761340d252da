"""Distributions as a profile writes them: by median and p90, by mean and shape, or by raw parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import product
from math import exp, inf, isfinite
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from wscost.errors import UnknownNameError
from wscost.profile.law import Law, of_family, of_values
from wscost.profile.quantities import (
    Bytes,
    Number,
    Range,
    Seconds,
    Strict,
    Uncertain,
    UncertainNumber,
    UncertainPositive,
    V,
    highest,
    likely,
    lowest,
    ranges,
    replace,
)

PERCENTILES = {"p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}
DEFAULT_SHAPE = 0.5
"""Shape of a Weibull law of which only the mean or the median is given.

Stays on a game server fitted Weibull(shape 0.5, scale 20 min): Chang and Feng, "Modeling player session
times of on-line games", NetGames 2003, https://doi.org/10.1145/963900.963902 (read 2026-11-23).
"""
WILDEST = 100.0
"""A standard deviation of more than so many means is refused: no simulation would settle."""

T = TypeVar("T")
_MOST_CORNERS = 5
"""Ranges whose ends are tried together; further ones stay at their low end."""


class Distribution(Strict, ABC):
    """What all distributions answer."""

    def law(self) -> Law:
        """Return what the figures come to; of ranges, their modes.

        Raises
        ------
        ValueError
            If they do not go together, or no such law exists.
        """
        return _law_of(self)

    @abstractmethod
    def _law(self) -> Law:
        """Work the law out."""

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Distribution:
        law = self.law()
        for corner in _corners(self):
            corner._law()
        if not law.mean < inf or law.deviation > WILDEST * law.mean:
            raise ValueError(
                f"the tail is so heavy ({_spread(law)}) that a few "
                "draws would decide the bill. Give a max, as platforms and people's patience do"
            )
        return self


def _spread(law: Law) -> str:
    if not isfinite(law.mean):
        return "it has no mean"
    deviation = f"{law.deviation:.3g}" if isfinite(law.deviation) else "without bound"
    return f"mean {law.mean:.3g}, standard deviation {deviation}"


def _corners(distribution: Distribution) -> Iterator[Distribution]:
    """Yield the distribution with its ranges at their ends, in every combination of the first few."""
    many = len(ranges(distribution))
    for ends in product((lowest, highest), repeat=min(many, _MOST_CORNERS)):
        left = iter((*ends, *[lowest] * many))
        corner: Distribution = replace(distribution, Range, partial(_at_end, left))
        yield corner


def _at_end(ends: Iterator[Callable[[Any], float]], range_: Any) -> float:
    return next(ends)(range_)


def _without_default(schema: dict[str, Any]) -> None:
    """Leave the default out of the schema: it depends on what the distribution is of."""
    schema.pop("default")


@lru_cache(maxsize=256)
def _law_of(distribution: Distribution) -> Law:
    """Work out a law once: to solve for a shape takes a while."""
    return distribution._law()


class _Capped(Distribution, Generic[V]):
    max: Uncertain[V] | None = None
    """Draws stop here: a proxy that cuts, a limit of the platform, a person who sleeps."""

    @property
    def _cap(self) -> float:
        return inf if self.max is None else likely(self.max)


class Constant(Distribution, Generic[V]):
    """Always the same; a plain figure means this too."""

    distribution: Literal["constant"] = "constant"
    value: Uncertain[V]

    def _law(self) -> Law:
        return of_values([likely(self.value)])


class _Scaled(_Capped[V], Generic[V]):
    mean: Uncertain[V] | None = None
    median: Uncertain[V] | None = None
    p75: Uncertain[V] | None = None
    p90: Uncertain[V] | None = None
    p95: Uncertain[V] | None = None
    p99: Uncertain[V] | None = None
    scale: Uncertain[V] | None = None

    def _given(self) -> dict[str, Any]:
        names = ("mean", "median", *PERCENTILES, "scale")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def _law_through(self, family: Callable[..., Any], name: str, *shape: float) -> Law:
        """Return the law of a family that has the figure of this name."""
        figure = likely(getattr(self, name))
        unit = family(*shape)
        of_unit = {"scale": 1.0, "mean": unit.mean()}.get(name) or unit.ppf(PERCENTILES.get(name, 0.5))
        if not 0 < (scale := figure / of_unit) < inf:
            raise ValueError(f"{name} must be more than 0")
        return of_family(family(*shape, scale=scale), self._cap)


class Exponential(_Scaled[V], Generic[V]):
    """Without memory: given by its mean, its median or a percentile."""

    distribution: Literal["exponential"] = "exponential"

    def _law(self) -> Law:
        from scipy import stats

        if len(given := self._given()) != 1:
            raise ValueError(f"an exponential law takes one of mean, median or p90, not {_told(given)}")
        return self._law_through(stats.expon, next(iter(given)))


class Shaped(_Scaled[V], Generic[V]):
    """Weibull, lognormal or gamma, with the ``shape`` and ``scale`` that ``scipy.stats`` gives them."""

    distribution: Annotated[
        Literal["weibull", "lognormal", "gamma"], Field(json_schema_extra=_without_default)
    ] = "weibull"
    shape: UncertainPositive | None = None

    def _law(self) -> Law:
        from scipy import stats

        families = {"weibull": stats.weibull_min, "lognormal": stats.lognorm, "gamma": stats.gamma}
        family = families[self.distribution]
        given = self._given()
        percentiles = [name for name in given if name in PERCENTILES]
        if self.shape is None and percentiles and set(given) == {"median", *percentiles[:1]}:
            shape = _shape_between(family, self.median, getattr(self, percentiles[0]), percentiles[0])
            return self._law_through(family, "median", shape)
        if len(given) == 1 and not percentiles and (self.shape is not None or self.distribution == "weibull"):
            shape = DEFAULT_SHAPE if self.shape is None else likely(self.shape)
            return self._law_through(family, next(iter(given)), shape)
        if self.shape is not None:
            given["shape"] = self.shape
        raise ValueError(
            f"a {self.distribution} law takes median and p90, mean and shape, or shape and scale, "
            f"not {_told(given)}"
        )


class BoundedPareto(_Capped[V], Generic[V]):
    """A power law between ``min`` and ``max``, by shape or by median and a percentile."""

    distribution: Literal["pareto"] = "pareto"
    min: Uncertain[V] | None = None
    shape: UncertainPositive | None = None
    median: Uncertain[V] | None = None
    p75: Uncertain[V] | None = None
    p90: Uncertain[V] | None = None
    p95: Uncertain[V] | None = None
    p99: Uncertain[V] | None = None

    def _law(self) -> Law:
        from scipy import stats

        names = ("min", "shape", "median", *PERCENTILES)
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self._cap == inf:
            raise ValueError("a Pareto law needs a max: without one its tail has no end")
        if set(given) == {"min", "shape"}:
            least, shape = likely(given["min"]), likely(given["shape"])
        elif len(given) == 2 and "median" in given and (name := list(given)[1]) in PERCENTILES:
            least, shape = _pareto_between(self.median, given[name], name, self._cap)
        else:
            raise ValueError(f"a Pareto law takes min and shape, or median and p90, not {_told(given)}")
        if not 0 < least < self._cap:
            raise ValueError("a Pareto law needs 0 < min < max")
        return of_family(stats.truncpareto(shape, self._cap / least, scale=least))


class Part(Strict, Generic[V, T]):
    """One kind among those that a mixture mixes."""

    weight: UncertainNumber
    law: T


class Mixture(_Capped[V], Generic[V, T]):
    """Several kinds by weight, such as those who leave at once and those who stay."""

    distribution: Literal["mixture"] = "mixture"
    parts: Annotated[tuple[Part[V, T], ...], Field(min_length=1)]

    def _law(self) -> Law:
        weights = [likely(part.weight) for part in self.parts]
        if not sum(weights):
            raise ValueError("the weights of a mixture must not all be 0")
        laws = [part.law.law() for part in self.parts]  # type: ignore[attr-defined]
        return Law.mixed(laws, weights, self._cap)


class Empirical(_Capped[V], Generic[V]):
    """Drawn again from what was seen: values here, or a file with one a line, in seconds or bytes."""

    distribution: Literal["empirical"] = "empirical"
    values: Annotated[tuple[V, ...], Field(min_length=1)] | None = None
    file: str | None = None

    def _law(self) -> Law:
        if self.values is None or self.file is not None:
            raise ValueError("an empirical law takes values, or the name of a file beside the profile")
        return of_values([float(x) for x in self.values], self._cap)  # type: ignore[arg-type]


def _told(given: dict[str, Any]) -> str:
    return " and ".join(given) or "nothing"


def _shape_between(family: Any, median: Any, upper: Any, percentile: str) -> float:
    """Return the shape at which a law's percentile is so many times its median."""
    if lowest(median) <= 0:
        raise ValueError("the median must be more than 0")
    if lowest(upper) <= highest(median):
        raise ValueError(f"{percentile} must be more than the median")
    return _shape_of(family, likely(upper) / likely(median), percentile)


@lru_cache(maxsize=4096)
def _shape_of(family: Any, ratio: float, percentile: str) -> float:
    import numpy as np
    from scipy.optimize import brentq

    def excess(log_shape: float) -> float:
        with np.errstate(all="ignore"):
            high, middle = family.ppf([PERCENTILES[percentile], 0.5], exp(log_shape))
            return float(np.nan_to_num(np.log(high) - np.log(middle), nan=1e9, posinf=1e9)) - float(
                np.log(ratio)
            )

    try:
        return float(exp(brentq(excess, -4.0, 9.0)))
    except ValueError:
        raise ValueError(
            f"no such law has a {percentile} of {ratio:.6g} medians. Is one of them mistyped?"
        ) from None


def _pareto_between(median: Any, upper: Any, percentile: str, most: float) -> tuple[float, float]:
    """Return the minimum and the shape of a bounded Pareto law with this median and percentile."""
    from scipy.optimize import brentq

    middle, high = likely(median), likely(upper)
    if not 0 < lowest(median) <= highest(median) < lowest(upper) <= highest(upper) < most:
        raise ValueError(f"a Pareto law needs 0 < median < {percentile} < max")

    def least_to_the(shape: float) -> float:
        return 0.5 / float(middle**-shape - 0.5 * most**-shape)

    def excess(shape: float) -> float:
        power = least_to_the(shape)
        return float(1 - power * high**-shape) / float(1 - power * most**-shape) - PERCENTILES[percentile]

    try:
        shape = float(brentq(excess, 1e-3, 50.0))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"no Pareto law has this median, {percentile} and max") from None
    return float(least_to_the(shape) ** (1 / shape)), shape


_KINDS = {
    "constant": Constant,
    "exponential": Exponential,
    "weibull": Shaped,
    "lognormal": Shaped,
    "gamma": Shaped,
    "pareto": BoundedPareto,
    "empirical": Empirical,
}


def _named(default: str) -> Callable[[Any], Any]:
    """Return what makes a plain figure a constant and names the family where the profile does not."""

    def name(value: Any) -> Any:
        if isinstance(value, Distribution):
            return value
        if not isinstance(value, dict) or set(value) == {"low", "mode", "high"}:
            return {"distribution": "constant", "value": value}
        family = value.get("distribution", "mixture" if "parts" in value else default)
        if family not in (*_KINDS, "mixture"):
            raise ValueError(str(UnknownNameError("distribution", str(family), [*_KINDS, "mixture"])))
        return {**value, "distribution": family}

    return name


def _tag(value: Any) -> str:
    name = value["distribution"] if isinstance(value, dict) else value.distribution
    return "mixture" if name == "mixture" else _KINDS[name].__name__


if TYPE_CHECKING:
    Lengths: TypeAlias = Distribution
    Sizes: TypeAlias = Distribution
    Counts: TypeAlias = Distribution
else:

    def _of(quantity, default):
        """Return the annotation of a distribution of some quantity; mixtures do not nest."""
        kinds = dict.fromkeys(_KINDS.values())
        plain = Union[tuple(Annotated[kind[quantity], Tag(kind.__name__)] for kind in kinds)]  # noqa: UP007
        figure = quantity | Range[quantity]
        one = Annotated[
            plain,
            Discriminator(_tag),
            BeforeValidator(_named(default), json_schema_input_type=figure | plain),
        ]
        every = plain | Annotated[Mixture[quantity, one], Tag("mixture")]
        return Annotated[
            every,
            Discriminator(_tag),
            BeforeValidator(_named(default), json_schema_input_type=figure | every),
        ]

    Lengths = _of(Seconds, "weibull")
    """A distribution of lengths of time; Weibull unless said otherwise. [s]"""
    Sizes = _of(Bytes, "lognormal")
    """A distribution of sizes; lognormal unless said otherwise. [bytes]"""
    Counts = _of(Number, "lognormal")
    """A distribution of numbers; lognormal unless said otherwise."""
