"""Judging: a figure held to a limit holds, breaks it, or leaves the question open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from wscost.checking.readings import POINT, Reading, number, written
from wscost.diffing import percentage
from wscost.scenario import Check, Kind, kind_of
from wscost.scenario.limits import PERCENT
from wscost.units import grouped, number_of, plain, told_from

ZERO = Decimal(0)
HOLDS, BREAKS, OPEN = True, False, None
Answer = bool | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer, and the sentence that gives its reason."""

    answer: Answer
    reason: str


def judge(check: Check, now: Reading, before: Reading | None, currency: str, since: str) -> Judgement:
    """Hold a reading to a check's limit; ``before`` is the baseline's, ``since`` its name.

    Where the months of a range differ, each percentile is judged, and compared with the same one of the
    baseline: only if all agree there is an answer.
    """
    if not now.figures:
        return Judgement(OPEN, f"Unknown: {now.missing}.")
    if check.needs_baseline and (before is None or not before.figures):
        cure = "on_inconclusive: warn lets what is new pass"
        return Judgement(OPEN, f"{since} has nothing to compare this with; {cure}.")
    told = _Told(check, now, before, currency, since)
    answers = {percentile: _RULES[check.rule](told, percentile) for percentile in now.figures}
    answer = next(iter(answers.values())) if len(set(answers.values())) == 1 else OPEN
    if answer is OPEN and BREAKS in answers.values():
        besides = f" Besides, {told.lacks}." if told.lacks else ""
        inside = f"The limit lies inside the range: {told.range}. Name a percentile with at:."
        return Judgement(OPEN, inside + besides)
    if answer is HOLDS and now.void:
        return Judgement(OPEN, f"{told.sentence(answer)} But {now.void}, so that is no month's bill.")
    return Judgement(answer, told.sentence(answer))


@dataclass(frozen=True, slots=True)
class _Told:
    """A judgement in the making: the figures, and how to put them into words."""

    check: Check
    now: Reading
    before: Reading | None
    currency: str
    since: str

    @property
    def limit(self) -> Decimal:
        limit = self.check.limit
        return limit.amount if self.relative else limit.share

    @property
    def relative(self) -> bool:
        """Whether the limit is a part of what was."""
        return self.check.rule == "max_increase" and self.check.limit.unit == PERCENT

    @property
    def counts(self) -> bool:
        """Whether the figure is a plain number of things."""
        return kind_of(self.check.metric) in (Kind.COUNT, Kind.DAYS)

    @property
    def lacks(self) -> str:
        """What keeps a figure from being known."""
        return self.now.missing or (self.before.missing if self.before else "")

    def was(self, percentile: str) -> Decimal:
        assert self.before is not None
        figures = self.before.figures
        return figures.get(percentile, figures.get(POINT, next(iter(figures.values()))))

    def write(self, amount: Decimal, beside: Decimal | None = None) -> str:
        return written(self.check.metric, amount, self.currency, beside)

    def bare(self, amount: Decimal, beside: Decimal) -> str:
        """Write an amount as it stands after another of its kind: a count without its unit."""
        return number(self.check.metric, amount, beside) if self.counts else self.write(amount, beside)

    @property
    def most(self) -> str:
        """The limit with all its digits, as it stands after a figure."""
        return f"{'the limit of ' if self.counts else ''}{self.bare(self.limit, self.limit)}"

    @property
    def range(self) -> str:
        ends = [f"{p} {self.write(x)}" for p, x in self.now.figures.items() if p in ("p10", "p90")]
        return " to ".join(ends)

    def sentence(self, answer: Answer) -> str:
        """Say how the figure that decides stands to the limit, and what it lacks."""
        percentile = self._deciding
        words = _SENTENCES[self.check.rule](self, percentile)
        words += f" at {percentile}" if percentile else ""
        if self.check.at and not percentile:
            words += f" (one figure stands for {self.check.at}: the input has no range)"
        if answer is OPEN:
            return f"{words}, but {self.lacks}." if self.lacks else f"{words}."
        return f"{words}, at least: {self.now.doubt}." if self.now.doubt else f"{words}."

    @property
    def _deciding(self) -> str:
        figures = list(self.now.figures)
        return figures[0] if self.check.rule == "min" else figures[-1]


def _max(told: _Told, percentile: str) -> Answer:
    if told.now.figures[percentile] > told.limit:
        return BREAKS
    return OPEN if told.now.missing else HOLDS


def _min(told: _Told, percentile: str) -> Answer:
    if told.now.figures[percentile] >= told.limit:
        return HOLDS
    return OPEN if told.now.missing else BREAKS


def _crosses(told: _Told, percentile: str) -> Answer:
    now, was = told.now.figures[percentile], told.was(percentile)
    before_unknown = bool(told.before and told.before.missing)
    if was > told.limit or (now <= told.limit and not told.now.missing):
        return HOLDS
    return BREAKS if now > told.limit and not before_unknown else OPEN


def _max_increase(told: _Told, percentile: str) -> Answer:
    now, was = told.now.figures[percentile], told.was(percentile)
    if told.before and told.before.missing:
        return OPEN
    allowed = was * told.limit / 100 if told.check.limit.unit == "%" else told.limit
    if now - was > allowed:
        return BREAKS
    return OPEN if told.now.missing else HOLDS


def _say_max(told: _Told, percentile: str) -> str:
    if told.check.metric == "limits.broken":
        return _say_broken(told)
    now, limit = told.now.figures[percentile], told.limit
    value, is_ = told.write(now, limit), ":" if told.counts else " is"
    if now > limit:
        return f"{value}{is_} {told.bare(now - limit, ZERO)} over {told.most}"
    return f"{value}{is_} within {told.most}"


def _say_broken(told: _Told) -> str:
    names, most = told.now.names, grouped(told.limit) if told.limit else "none"
    if not names:
        return f"No limit is broken; {most} may be"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    count = number_of(len(names), "limit is", "limits are")
    return f"{count} broken: {listed}; {most} may be"


def _say_min(told: _Told, percentile: str) -> str:
    now, limit = told.now.figures[percentile], told.limit
    value = told.write(now, limit)
    if told.counts:
        under = f"{told.bare(limit - now, ZERO)} under" if now < limit else "not under"
        return f"{value}: {under} {told.most}"
    return f"{value} {'is less than' if now < limit else 'reaches'} {told.most}"


def _say_crosses(told: _Told, percentile: str) -> str:
    now, was, limit = told.now.figures[percentile], told.was(percentile), told.limit
    steps = f"{told.write(was, limit)} in {told.since}, {told.write(now, limit)} now"
    if was <= limit < now:
        return f"{told.most[0].upper()}{told.most[1:]} is crossed: {steps}"
    side = "Already above" if was > limit else "Not above"
    return f"{side} {told.most}: {steps}"


def _say_max_increase(told: _Told, percentile: str) -> str:
    now, was = told.now.figures[percentile], told.was(percentile)
    value, is_ = told.write(now, was), ":" if told.counts else " is"
    allowed = f"{plain(told.limit)}%" if told.relative else told.bare(told.limit, told.limit)
    verb = "are" if told.counts and not told.relative and told.limit != 1 else "is"
    if now == was:
        return f"{value}{is_} the same as in {told.since}; {allowed} more {verb} allowed"
    by, share = abs(now - was), percentage(abs(now - was), was)
    moved = told.bare(by, ZERO if told.relative else told.limit)
    if share:
        part = grouped(told_from(share, told.limit, 1)) if told.relative else grouped(share, 1)
        moved += f" ({part}%)"
    moved += f" {'more' if now > was else 'less'} than {told.bare(was, now)}"
    return f"{value}{is_} {moved} in {told.since}; {allowed} more {verb} allowed"


_RULES: dict[str, Callable[[_Told, str], Answer]] = {
    "max": _max,
    "min": _min,
    "crosses": _crosses,
    "max_increase": _max_increase,
}
_SENTENCES: dict[str, Callable[[_Told, str], str]] = {
    "max": _say_max,
    "min": _say_min,
    "crosses": _say_crosses,
    "max_increase": _say_max_increase,
}
