"""How long people stay, from lengths that a window cuts: against theory, published figures and scipy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.profiles import lives
from wscost.errors import InputError
from wscost.fitting.laws import candidates, distance
from wscost.fitting.seen import seen
from wscost.fitting.spells import Spells, grouped, product_limit
from wscost.fitting.stays import Stays, fit_stays
from wscost.notes import Grade, Note
from wscost.trace import Trace

# Weeks in remission under 6-MP: Freireich et al., Blood 21 (1963), https://ashpublications.org/blood/article/21/6/699/37765;
# the 21 patients come with lifelines as load_leukemia().
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
IN_REMISSION = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]

# Made up: length, age when first seen, whether it ended. What lifelines 0.30.3 makes of it is below.
LATE = [
    *[
        (2, 0, 1),
        (3, 0, 1),
        (5, 4, 1),
        (8, 0, 1),
        (9, 1, 0),
        (12, 0, 1),
        (14, 10, 1),
        (20, 0, 1),
        (25, 15, 1),
    ],
    *[(31, 0, 1), (40, 30, 0), (55, 0, 1), (60, 0, 1), (75, 50, 1), (90, 0, 1), (120, 100, 1), (150, 0, 0)],
    *[(200, 120, 1), (260, 0, 1), (330, 200, 0)],
]
HOUR = 3600.0


def of(ended: list[float], cut: list[float] = [], entered: list[float] | None = None) -> Spells:  # noqa: B006
    many = len(ended) + len(cut)
    return Spells(
        *(grouped(np.array(x, dtype=float)) for x in (ended, cut, entered or [0.0] * many)), resolution=1e-6
    )


def evening(law: Any, *, window: float, before: float, rate: float = 1.0, seed: int = 1) -> Trace:
    """Let people come at random from long before, stay as the law says, and be seen through a window."""
    rng = np.random.default_rng(seed)
    opened = rng.uniform(-before, window, rng.poisson(rate * (before + window)))
    return lives(opened, opened + law.rvs(len(opened), random_state=rng), window)


def stays_of(trace: Trace) -> Stays:
    return fit_stays(seen(trace), replaced=False)


def weibull_of(stays: Stays) -> tuple[float, float]:
    piece = next(one for one in stays.candidates if one.name == "weibull").pieces[0]
    assert piece.shape is not None
    return piece.shape, piece.scale


# Against published figures.


def test_survival_in_remission_is_as_published() -> None:
    curve = product_limit(of(RELAPSED, IN_REMISSION))

    assert [6, 7, 10, 13, 16, 22, 23] == pytest.approx(curve.at)
    assert [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448] == pytest.approx(curve.share, abs=5e-4)


def test_the_mean_of_an_exponential_law_is_time_at_risk_by_ends() -> None:
    best = next(one for one in candidates(of(RELAPSED, IN_REMISSION)) if one.name == "exponential")

    assert 359 / 9 == pytest.approx(best.pieces[0].scale, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "family"),
    [("weibull", stats.weibull_min), ("lognormal", stats.lognorm), ("gamma", stats.gamma)],
)
def test_right_censored_fits_are_those_of_scipy(name: str, family: Any) -> None:
    rng = np.random.default_rng(7)
    life, limit = stats.weibull_min(0.8, scale=300).rvs(400, random_state=rng), rng.uniform(0, 900, 400)
    ended = life <= limit
    shape, _, scale = family.fit(stats.CensoredData.right_censored(np.minimum(life, limit), ~ended), floc=0)

    found = next(
        one for one in candidates(of(list(life[ended]), list(limit[~ended]))) if one.name == name
    ).pieces[0]

    assert (shape, scale) == pytest.approx((found.shape, found.scale), rel=2e-3)


def test_late_entries_count_from_their_entry() -> None:
    """Ten from their beginning and ten met at age 4: an end at 1 is one of ten, one at 5 one of nineteen."""
    curve = product_limit(of([1, 5, 6], [9] * 17, [0] * 10 + [4] * 10))

    assert [9 / 10, 9 / 10 * 18 / 19, 9 / 10 * 18 / 19 * 17 / 18] == pytest.approx(curve.share)


def test_late_entries_are_fitted_as_lifelines_fits_them() -> None:
    """``WeibullFitter().fit(x, ended, entry=age)`` and its sisters; each row twice, to have ends enough."""
    twice = LATE * 2
    found = {
        one.name: one
        for one in candidates(
            of(
                [x for x, _, ended in twice if ended],
                [x for x, _, ended in twice if not ended],
                [age for _, age, _ in twice],
            )
        )
    }

    shapes = {name: (one.pieces[0].scale, one.pieces[0].shape) for name, one in found.items()}
    assert (41.39214, 0.680017) == pytest.approx(shapes["weibull"], rel=1e-3)
    assert (np.exp(3.005541), 1.443988) == pytest.approx(shapes["lognormal"], rel=1e-3)
    assert 61.1875 == pytest.approx(shapes["exponential"][0], rel=1e-3)
    fitted = [found[name].log_likelihood / 2 for name in ("weibull", "lognormal", "exponential")]
    assert [-79.579512, -78.599628, -81.823087] == pytest.approx(fitted, abs=0.02)


def test_the_product_limit_with_late_entries_is_that_of_lifelines() -> None:
    curve = product_limit(
        of(
            [x for x, _, ended in LATE * 3 if ended],
            [x for x, _, ended in LATE * 3 if not ended],
            [age for _, age, _ in LATE * 3],
        )
    )

    lifelines = {2: 0.916667, 5: 0.757576, 14: 0.530303, 31: 0.340909, 90: 0.113636, 200: 0.037879}
    found = dict(zip(np.rint(curve.at).tolist(), curve.share, strict=True))
    assert lifelines == pytest.approx({at: found[at] for at in lifelines}, abs=1e-6)


# What a window does to lengths, and what undoes it.


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (stats.weibull_min(0.52, scale=20 * 60), "weibull"),
        (stats.lognorm(1.5, scale=600), "lognormal"),
        (stats.gamma(0.6, scale=1800), "gamma"),
        (stats.expon(scale=1200), "exponential"),
    ],
)
def test_two_hours_give_back_the_law_where_complete_lengths_alone_do_not(law: Any, name: str) -> None:
    trace = evening(law, window=2 * HOUR, before=100 * HOUR, rate=0.6)
    found = seen(trace)
    stays = stays_of(trace)
    best = next(one for one in stays.candidates if one.name == name)

    assert name == stays.candidates[0].name
    assert law.median() == pytest.approx(best.law().quantile(0.5), rel=0.08)
    assert law.ppf(0.9) == pytest.approx(best.law().quantile(0.9), rel=0.08)
    assert stays.distance is not None
    assert stays.distance < stays.chance
    # Those who came and went inside it, as if there were no others: those who stay long are missing.
    whole = found.life_s[found.came & found.ended]
    assert whole.mean() < 0.95 * law.mean()
    if name == "weibull":
        naive, _, _ = stats.weibull_min.fit(whole, floc=0)
        assert abs(naive - 0.52) > 2 * abs(weibull_of(stays)[0] - 0.52)


def test_bouncers_are_told_from_stayers() -> None:
    rng = np.random.default_rng(3)
    opened = rng.uniform(-20 * HOUR, 2 * HOUR, 40_000)
    leaves = rng.random(40_000) < 0.4
    life = np.where(leaves, rng.exponential(4, 40_000), rng.exponential(1500, 40_000))
    best = stays_of(lives(opened, opened + life, 2 * HOUR)).candidates[0]

    short, long = best.pieces
    assert len(best.pieces) == 2
    assert 0.4 == pytest.approx(short.weight, abs=0.03)
    assert 4 == pytest.approx(short.scale, rel=0.1)
    assert 1500 == pytest.approx(long.frozen.mean(), rel=0.08)


def test_a_log_written_at_close_is_corrected_for_those_it_does_not_tell() -> None:
    law = stats.weibull_min(0.6, scale=1200)
    trace = evening(law, window=2 * HOUR, before=60 * HOUR, rate=0.6)
    told = trace.connections["closed_at"].notna()
    log = lives_of_log(trace, told)

    stays = stays_of(log)

    shape, scale = weibull_of(stays)
    assert 0.6 == pytest.approx(shape, rel=0.06)
    assert 1200 == pytest.approx(scale, rel=0.12)
    blind = stays_of(replace(log, notes=()))
    assert weibull_of(blind)[1] < 0.9 * scale


def lives_of_log(trace: Trace, told: Any) -> Trace:
    rows = trace.connections[told].reset_index(drop=True)
    return replace(trace, connections=rows, notes=(Note("written-at-close", "It is."),))


# Caps, and lengths that are alike.


def test_an_age_at_which_a_proxy_cuts_becomes_the_cap() -> None:
    law = stats.weibull_min(0.6, scale=1800)
    rng = np.random.default_rng(5)
    opened = rng.uniform(-4 * HOUR, 6 * HOUR, 20_000)
    life = np.minimum(law.rvs(20_000, random_state=rng), HOUR)
    stays = stays_of(lives(opened, opened + life, 6 * HOUR))

    assert HOUR == pytest.approx(stays.cap, rel=0.01)
    assert (0.6, 1800) == pytest.approx(weibull_of(stays), rel=0.06)


def test_a_tail_that_nobody_saw_is_capped_at_the_longest_seen() -> None:
    rng = np.random.default_rng(11)
    life = stats.lognorm(2.6, scale=30).rvs(300, random_state=rng)
    longest = np.sort(life)[-2]
    life = life[life <= longest]
    stays = stays_of(lives(np.linspace(0, 60, len(life)), np.linspace(0, 60, len(life)) + life, 40 * 86_400))

    assert longest == pytest.approx(stays.cap, rel=0.01)
    assert "longest that was seen" in stays.lines[0].why


def test_a_tail_is_extrapolated_from_a_short_window_but_not_without_end() -> None:
    law = stats.weibull_min(0.5, scale=1800)
    some = stays_of(evening(law, window=HOUR, before=0, rate=0.5))
    assert some.cap is None
    assert "of the time lies in stays longer than any seen" in some.lines[0].why

    heavy = stays_of(evening(stats.pareto(0.3, scale=60), window=HOUR, before=0, rate=0.5))
    assert HOUR == pytest.approx(heavy.cap, rel=0.02)


def test_no_kind_of_stay_is_a_spike_on_one_length() -> None:
    rng = np.random.default_rng(4)
    life = np.append(rng.exponential(1.5, 150), np.full(3, 17.0))
    opened = rng.uniform(0, 40, len(life))
    stays = stays_of(lives(opened, opened + life, 60))

    assert all(len(one.pieces) == 1 or (one.pieces[1].shape or 1) < 21 for one in stays.candidates)


def test_connections_that_last_alike_are_a_constant() -> None:
    opened = np.linspace(0, 3000, 200)
    stays = stays_of(lives(opened, opened + 45, HOUR))

    assert "session: 45s" == stays.lines[0].text


# What is too little.


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_without_three_ends_there_is_no_length(closed: int) -> None:
    opened = np.array([10.0, 20.0, 30.0, 40.0])
    ends = np.where(np.arange(4) < closed, opened + 5, np.inf)

    with pytest.raises(InputError, match="too few to tell how long connections last"):
        stays_of(lives(opened, ends, 1000))


def test_three_ends_give_a_mean_and_no_shape() -> None:
    opened = np.array([10.0, 20.0, 30.0])
    stays = stays_of(lives(opened, opened + np.array([4.0, 5.0, 9.0]), 1000))

    assert ["exponential"] == [one.name for one in stays.candidates]
    assert 6.0 == pytest.approx(stays.candidates[0].pieces[0].scale, rel=1e-3)
    assert ["few-ends"] == [note.code for note in stays.notes]


def test_where_most_outlast_the_window_only_a_mean_is_told() -> None:
    trace = evening(stats.weibull_min(0.5, scale=90_000), window=900, before=10, rate=0.5)
    stays = stays_of(trace)

    assert ["exponential"] == [one.name for one in stays.candidates]
    assert "long-stays-unseen" in [note.code for note in stays.notes]


def test_connections_without_length_are_no_basis() -> None:
    opened = np.arange(50.0)

    with pytest.raises(InputError, match="closed in the instant in which it opened"):
        stays_of(lives(opened, opened, 1000))


def test_some_connections_without_length_are_shorter_than_the_clock_can_tell() -> None:
    rng = np.random.default_rng(2)
    opened = np.floor(rng.uniform(0, 80_000, 4000))
    life = np.floor(rng.exponential(20, 4000))
    stays = stays_of(lives(opened, opened + life, 86_400))

    assert "no-length" in [note.code for note in stays.notes]
    assert 20 == pytest.approx(stays.candidates[-1].law().mean, rel=0.5)
    assert stays.candidates[0].law().mean == pytest.approx(19.5, rel=0.08)


def test_those_of_unknown_age_are_left_out() -> None:
    law = stats.expon(scale=600)
    trace = evening(law, window=2 * HOUR, before=20 * HOUR, rate=0.3)
    rows = trace.connections.copy()
    before = rows["opened_at"] < trace.window.start
    rows.loc[before, "opened_at"] = trace.window.start - (trace.window.end - trace.window.start) / 1e9
    doubtful = replace(trace, connections=rows, grades={"opened_at": Grade.LOWER_BOUND})

    found = seen(doubtful)
    assert int(before.sum()) == found.remarks[0].data["connections"]
    assert 600 == pytest.approx(stays_of(doubtful).candidates[0].law().mean, rel=0.08)


# Laws of the method.


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(1.0, 1e5), min_size=3, max_size=15),
    st.lists(st.floats(1.0, 1e5), max_size=10),
    st.floats(0.01, 100.0),
)
def test_another_unit_of_time_changes_the_scale_alone(
    ended: list[float], cut: list[float], times: float
) -> None:
    one = candidates(of(ended, cut))[0].pieces[0]
    other = candidates(of([x * times for x in ended], [x * times for x in cut]))[0].pieces[0]

    assert one.scale * times == pytest.approx(other.scale, rel=5e-3)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.booleans()), min_size=5, max_size=40))
def test_the_curve_falls_and_is_scipys(lengths: list[tuple[float, bool]]) -> None:
    ended = [x for x, done in lengths if done]
    cut = [x for x, done in lengths if not done]
    if not ended:
        return
    curve = product_limit(of(ended, cut))
    oracle = stats.ecdf(stats.CensoredData(uncensored=ended, right=cut)).sf

    assert (np.diff(curve.share) <= 1e-12).all()
    if len(set(np.rint(np.log([x for x, _ in lengths]) * 500))) == len(lengths):
        assert oracle.evaluate(curve.at * (1 + 1e-9)) == pytest.approx(curve.share, abs=1e-9)


def test_a_law_is_at_no_distance_from_its_own_quantiles() -> None:
    law = stats.expon(scale=50)
    spells = of(list(law.ppf((np.arange(2000) + 0.5) / 2000)))
    best = next(one for one in candidates(spells) if one.name == "exponential")

    assert distance(best, spells) < 0.002
