"""Distributions are what their figures say: quantiles, means and caps, against scipy's own draws."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from wscost.profile.distributions import DEFAULT_SHAPE, Counts, Distribution, Lengths, Sizes
from wscost.profile.law import Law, of_family, of_values

LENGTHS: TypeAdapter[Distribution] = TypeAdapter(Lengths)
SIZES: TypeAdapter[Distribution] = TypeAdapter(Sizes)
COUNTS: TypeAdapter[Distribution] = TypeAdapter(Counts)
MANY = 400_000

# Each way to write one, and the median, p90 and mean that it must have; None where it is not said.
WRITTEN = {
    "a plain figure": ("30m", 1800, 1800, 1800),
    "constant": ({"distribution": "constant", "value": "90s"}, 90, 90, 90),
    "exponential by its mean": ({"distribution": "exponential", "mean": "10m"}, 600 * np.log(2), None, 600),
    "exponential by its median": (
        {"distribution": "exponential", "median": "10m"},
        600,
        600 * np.log(10) / np.log(2),
        600 / np.log(2),
    ),
    "exponential by its p90": ({"distribution": "exponential", "p90": "10m"}, None, 600, 600 / np.log(10)),
    "Weibull by median and p90": ({"median": "10m", "p90": "1h"}, 600, 3600, None),
    "Weibull by mean and shape": (
        {"mean": "30m", "shape": 0.7},
        None,
        None,
        1800,
    ),
    "Weibull by raw figures, as on a game server": (
        {"distribution": "weibull", "shape": 0.5, "scale": "20m"},
        1200 * np.log(2) ** 2,
        1200 * np.log(10) ** 2,
        2400,
    ),
    "Weibull by its mean alone": ({"mean": "40m"}, 1200 * np.log(2) ** 2, 1200 * np.log(10) ** 2, 2400),
    "lognormal by median and p90": (
        {"distribution": "lognormal", "median": "3m", "p90": "20m"},
        180,
        1200,
        180 * np.exp((np.log(1200 / 180) / stats.norm.ppf(0.9)) ** 2 / 2),
    ),
    "lognormal by mean and shape": (
        {"distribution": "lognormal", "mean": "10m", "shape": 1.2},
        600 / np.exp(1.2**2 / 2),
        None,
        600,
    ),
    "lognormal by raw figures": (
        {"distribution": "lognormal", "shape": 1.5, "scale": "188s"},
        188,
        None,
        188 * np.exp(1.5**2 / 2),
    ),
    "gamma by median and p90": ({"distribution": "gamma", "median": "3m", "p90": "10m"}, 180, 600, None),
    "gamma by mean and shape": ({"distribution": "gamma", "mean": "3m", "shape": 2}, None, None, 180),
    "Pareto by min, shape and max": (
        {"distribution": "pareto", "min": "1m", "shape": 1, "max": "100m"},
        60 / (1 - 0.5 * 0.99),
        60 / (1 - 0.9 * 0.99),
        60 * np.log(100) / 0.99,
    ),
    "Pareto by median, p90 and max": (
        {"distribution": "pareto", "median": "3m", "p90": "10m", "max": "3h"},
        180,
        600,
        None,
    ),
    "a mixture of two constants": (
        {"parts": [{"weight": 3, "law": "10s"}, {"weight": 1, "law": "1h"}]},
        10,
        3600,
        (3 * 10 + 3600) / 4,
    ),
    "values seen": ({"distribution": "empirical", "values": ["1s", "2s", "3s", "94s"]}, 3, 94, 25),
    "a range, by its mode": ({"low": "1m", "mode": "2m", "high": "10m"}, 120, 120, 120),
}


@pytest.mark.parametrize(("written", "median", "p90", "mean"), WRITTEN.values(), ids=WRITTEN)
def test_a_distribution_has_the_figures_that_it_is_given_by(
    written: Any, median: float | None, p90: float | None, mean: float | None
) -> None:
    law = LENGTHS.validate_python(written).law()

    assert median is None or law.quantile(0.5) == pytest.approx(median)
    assert p90 is None or law.quantile(0.9) == pytest.approx(p90)
    assert mean is None or law.mean == pytest.approx(mean)


@pytest.mark.parametrize("written", [row[0] for row in WRITTEN.values()], ids=WRITTEN)
def test_draws_have_the_mean_the_deviation_and_the_quantiles_of_their_distribution(written: Any) -> None:
    law = LENGTHS.validate_python(written).law()

    drawn = law.at(np.random.default_rng(1).random(MANY))

    assert drawn.mean() == pytest.approx(law.mean, abs=5 * law.deviation / MANY**0.5 + 1e-9)
    for p in (0.05, 0.5, 0.9, 0.99):
        assert np.mean(drawn > law.quantile(p)) <= 1 - p + 5 * (p * (1 - p) / MANY) ** 0.5
        assert np.mean(drawn >= law.quantile(p)) >= 1 - p - 5 * (p * (1 - p) / MANY) ** 0.5
    fourth = np.mean((drawn - law.mean) ** 4)
    assert drawn.var() == pytest.approx(law.variance, abs=6 * (fourth / MANY) ** 0.5 + 1e-9)


FAMILIES = {
    "exponential": stats.expon(scale=600),
    "weibull": stats.weibull_min(0.5, scale=1200),
    "lognormal": stats.lognorm(1.5, scale=188),
    "gamma": stats.gamma(0.7, scale=300),
    "pareto": stats.truncpareto(1.2, 500, scale=60),
}


@pytest.mark.parametrize("frozen", FAMILIES.values(), ids=FAMILIES)
def test_draws_agree_with_those_of_scipy(frozen: Any) -> None:
    mine = of_family(frozen).at(np.random.default_rng(2).random(20_000))
    theirs = frozen.rvs(20_000, random_state=np.random.default_rng(3))

    assert stats.ks_2samp(mine, theirs).pvalue > 0.001


@pytest.mark.parametrize("frozen", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("p", [0.3, 0.9, 0.999])
def test_a_cap_moves_what_lies_beyond_it_onto_it(frozen: Any, p: float) -> None:
    cap = float(frozen.ppf(p))
    law = of_family(frozen, cap)
    below = frozen.expect(lambda x: x, lb=frozen.support()[0], ub=cap)
    squares = frozen.expect(lambda x: x**2, lb=frozen.support()[0], ub=cap)

    assert law.mean == pytest.approx(below + cap * (1 - p), rel=1e-5)
    assert law.variance + law.mean**2 == pytest.approx(squares + cap**2 * (1 - p), rel=1e-5)
    assert law.at(np.array([0.0, p, 0.999_999])).max() == cap
    assert law.survival([cap * 0.999, cap]) == pytest.approx([float(frozen.sf(cap * 0.999)), 0.0])


def test_a_cap_shows_as_a_spike_as_proxies_leave_it() -> None:
    law = LENGTHS.validate_python({"mean": "40m", "max": "1m"}).law()

    drawn = law.at(np.random.default_rng(4).random(MANY))

    at_the_cap = float(stats.weibull_min(DEFAULT_SHAPE, scale=1200).sf(60))
    assert drawn.max() == 60
    assert np.mean(drawn == 60) == pytest.approx(at_the_cap, abs=0.005)


def test_a_mixture_is_each_kind_in_its_share() -> None:
    law = LENGTHS.validate_python(
        {
            "parts": [
                {"weight": 1, "law": {"distribution": "exponential", "mean": "5s"}},
                {
                    "weight": 3,
                    "law": {"distribution": "lognormal", "median": "20m", "p90": "1h", "max": "2h"},
                },
            ]
        }
    ).law()
    short, long = stats.expon(scale=5), stats.lognorm(np.log(3) / stats.norm.ppf(0.9), scale=1200)

    at = np.array([1.0, 10.0, 600.0, 3600.0, 7199.0])
    assert law.survival(at) == pytest.approx(0.25 * short.sf(at) + 0.75 * long.sf(at))
    drawn = law.at(np.random.default_rng(5).random(MANY))
    assert [np.mean(drawn > x) for x in at] == pytest.approx(law.survival(at), abs=0.004)


def test_what_was_seen_is_drawn_again_in_its_proportions() -> None:
    law = of_values([3.0, 1.0, 1.0, 7.0])

    drawn = law.at(np.random.default_rng(6).random(MANY))

    assert sorted(set(drawn)) == [1, 3, 7]
    assert np.mean(drawn == 1) == pytest.approx(0.5, abs=0.005)
    assert law.survival([0.5, 1, 3, 7]) == pytest.approx([1, 0.5, 0.25, 0])


figures = st.floats(1.0, 1e5)
ratios = st.floats(1.05, 60.0)


@settings(max_examples=60, deadline=None)
@given(
    family=st.sampled_from(["weibull", "lognormal", "gamma"]),
    median=figures,
    ratio=ratios,
    percentile=st.sampled_from(["p75", "p90", "p95", "p99"]),
)
def test_any_median_and_percentile_come_back(
    family: str, median: float, ratio: float, percentile: str
) -> None:
    written = {"distribution": family, "median": median, percentile: median * ratio, "max": median * 1e6}

    law = LENGTHS.validate_python(written).law()

    assert law.quantile(0.5) == pytest.approx(median, rel=1e-6)
    assert law.quantile(float(percentile[1:]) / 100) == pytest.approx(median * ratio, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.floats(0.01, 10), min_size=1, max_size=4),
    means=st.lists(st.floats(10, 1e4), min_size=4, max_size=4),
    cap=st.floats(10, 1e4),
)
def test_survival_falls_from_one_to_nothing_and_its_integral_is_the_mean(
    weights: list[float], means: list[float], cap: float
) -> None:
    laws = [of_family(stats.expon(scale=mean)) for mean, _ in zip(means, weights, strict=False)]
    law = Law.mixed(laws, weights, cap)

    at = np.linspace(0, cap, 20_001)
    survival = law.survival(at)

    assert survival[0] == pytest.approx(1)
    assert (np.diff(survival) <= 1e-12).all()
    assert survival[-1] == 0
    assert np.trapezoid(law.survival(at[:-1]), at[:-1]) == pytest.approx(law.mean, rel=0.05)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"median": "10m", "p90": "10m"}, "p90 must be more than the median"),
        ({"median": "10m", "p90": "5m"}, "p90 must be more than the median"),
        (
            {"median": {"low": "5m", "mode": "8m", "high": "20m"}, "p90": "15m"},
            "p90 must be more than the median",
        ),
        ({"median": "0s", "p90": "5m"}, "the median must be more than 0"),
        ({"median": "1ms", "p90": "9w"}, "Give a max"),
        (
            {"distribution": "gamma", "median": "1s", "p99": "1001ms"},
            "no such law has a p99 of 1.001 medians",
        ),
        ({"mean": "5m", "shape": 0}, "greater than 0"),
        ({"mean": "5m", "shape": -1}, "greater than 0"),
        ({"mean": "0s"}, "mean must be more than 0"),
        ({"mean": "-3m"}, "must not be negative"),
        (
            {"mean": "5m", "median": "3m"},
            "takes median and p90, mean and shape, or shape and scale, not mean and",
        ),
        ({"shape": 2}, "not shape"),
        ({"p90": "5m"}, "not p90"),
        ({"distribution": "lognormal", "mean": "5m"}, "not mean"),
        (
            {"distribution": "exponential", "mean": "5m", "median": "3m"},
            "one of mean, median or p90, not mean and",
        ),
        ({"distribution": "pareto", "min": "5m", "shape": 1}, "needs a max"),
        ({"distribution": "pareto", "min": "5m", "shape": 1, "max": "5m"}, "0 < min < max"),
        ({"distribution": "pareto", "median": "5m", "p90": "4m", "max": "1h"}, "0 < median < p90 < max"),
        ({"distribution": "pareto", "median": "5m", "p90": "59m", "max": "1h"}, "no Pareto law has this"),
        (
            {"distribution": "pareto", "median": "5m", "max": "1h"},
            "min and shape, or median and p90, not median",
        ),
        ({"distribution": "lognormal", "shape": 3.5, "scale": "1m"}, "Give a max"),
        ({"distribution": "weibull", "shape": 0.1, "scale": "1m"}, "Give a max"),
        ({"parts": [{"weight": 0, "law": "1m"}]}, "must not all be 0"),
        ({"parts": []}, "at least 1"),
        ({"distribution": "weibul", "mean": "5m"}, "Did you mean weibull?"),
        ({"distribution": "empirical"}, "takes values, or the name of a file"),
        ({"distribution": "empirical", "values": []}, "at least 1"),
        ({"mean": "5 parsecs"}, "must be a duration such as 8m"),
        ({"mean": 300}, "must be a duration such as 8m"),
        ({"mean": True}, "must be a duration such as 8m"),
        ({"mean": "20000w"}, "at most ten years"),
        ({"low": "3m", "mode": "2m", "high": "4m"}, "low <= mode <= high"),
    ],
)
def test_figures_that_do_not_go_together_are_refused(written: Any, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LENGTHS.validate_python(written)

    assert words in str(refused.value)


def test_a_heavy_tail_is_welcome_with_a_max() -> None:
    law = LENGTHS.validate_python(
        {"distribution": "lognormal", "shape": 3.5, "scale": "1m", "max": "1d"}
    ).law()

    assert 60 < law.mean < 86_400


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [(120, 120), ("2 KB", 2000), ("1 MiB", 2**20), ("64B", 64)],
)
def test_sizes_are_written_as_people_do(written: Any, bytes_: int) -> None:
    assert SIZES.validate_python(written).law().mean == bytes_


@pytest.mark.parametrize("written", [-1, "-2 KB", "much", Decimal("1.5"), True, "9999999 TB"])
def test_what_is_no_size_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError, match="must be a size such as 120"):
        SIZES.validate_python(written)


def test_sizes_and_counts_are_lognormal_unless_said_otherwise() -> None:
    assert SIZES.validate_python({"median": 32, "p95": 126}).distribution == "lognormal"  # type: ignore[attr-defined]
    assert COUNTS.validate_python({"median": 3, "p90": 9}).distribution == "lognormal"  # type: ignore[attr-defined]


def test_no_figure_is_lost_between_the_text_and_the_law(tmp_path: Path) -> None:
    from wscost.profile import read_profile

    (tmp_path / "lives.txt").write_text("# seconds\n12.5\n0.5\n300\n")
    (tmp_path / "p.yaml").write_text(
        "profile: seen\nscenarios: {a: {executor: constant-vus, vus: 5}}\n"
        "session: {distribution: empirical, file: lives.txt, max: 4m}\n"
    )

    law = read_profile(tmp_path / "p.yaml").session_law

    assert law.mean == pytest.approx((12.5 + 0.5 + 240) / 3)
