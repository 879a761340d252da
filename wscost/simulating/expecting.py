"""What a profile comes to on average: how many sessions, connections and messages, before any is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from math import inf

import numpy as np

from wscost.profile.distributions import Distribution
from wscost.profile.executors import Vus
from wscost.profile.messages import Broadcast, Interval, Own, Poisson, Push, Reply
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
from wscost.simulating.ages import Ages
from wscost.simulating.curves import STEADY_S, Course, Timeline
from wscost.usage import Period


@dataclass(frozen=True)
class Expected:
    """Mean figures of a period."""

    sessions: float
    connections: float
    connection_seconds: float
    messages_in: float
    messages_out: float
    bytes_in: float
    """Of messages whose size is known."""
    bytes_out: float
    auto_responses: float
    """Heartbeats that the platform answers, and its answers; in no count of messages."""
    object_requests: float
    """Pushes that a room sends of its own accord."""
    most_users: float
    """Virtual users at the peak."""


@dataclass
class _Way:
    """What goes one way: so many messages, and the bytes of those whose size is known."""

    messages: float = 0.0
    bytes: float = 0.0

    def say(self, messages: float, size: float) -> None:
        """Add messages of a mean size. [bytes]"""
        self.messages += messages
        self.bytes += messages * size

    def pass_on(self, other: _Way, times: float) -> None:
        """Add what goes the other way, so many times."""
        self.messages += times * other.messages
        self.bytes += times * other.bytes


def expected(profile: Profile, period: Period, share: float = 1.0) -> Expected:
    """Return what a share of a profile's rooms comes to in a period, on average.

    People at once are taken to follow arrivals without delay, and clients to come back at once. Virtual
    users who come to work begin a session, so each rise of their number adds (1 + c²) / 2 sessions to those
    of users long at work, c² being the squared coefficient of variation of a session and its pause (Cox,
    Renewal Theory, 1962, section 4.2).
    """
    timeline = Timeline(profile.calendar, period.start)
    start, end = (datetime.combine(day, time(), UTC).timestamp() for day in (period.start, period.end))
    stay = profile.session_law.mean
    sessions, most_users = 0.0, 0.0
    at_once: list[Course] = []
    for scenario in profile.scenarios.values():
        course = timeline.course(scenario, start, end, step_s=STEADY_S)
        if isinstance(scenario, Vus):
            pause = scenario.pause.law()
            cycle = stay + pause.mean
            most_users += float(course.level.max())
            rises = float(np.maximum(np.diff(course.level), 0.0).sum())
            course = Course(course.edges, course.level * stay / cycle)
            sessions += course.total / stay
            sessions += rises * (1 + (profile.session_law.variance + pause.variance) / cycle**2) / 2
        else:
            sessions += course.total
            course = Course(course.edges, course.level * stay)
        at_once.append(course)
    edges = np.unique(np.concatenate([course.edges for course in at_once]))
    middles = (edges[1:] + edges[:-1]) / 2
    people = sum(c.level[np.searchsorted(c.edges, middles) - 1] for c in at_once)
    people_seconds = float(np.dot(people, np.diff(edges)))
    squared = float(np.dot(np.square(people), np.diff(edges)))
    broken = _broken(profile, period, end - start)
    ages = Ages(profile.session_law, broken, profile.drops.after or inf)
    incoming, outgoing, answered = _said(profile, ages, people_seconds, squared)
    cuts = broken
    if profile.drops.after is not None:
        cuts += replace(ages, limit=inf).rate(profile.drops.after)
    held = min(len(profile.shares) * (end - start), people_seconds)
    pushes = [process for process in profile.messages.outgoing if isinstance(process, Push)]
    return Expected(
        sessions=share * sessions,
        connections=share * (sessions + cuts * people_seconds),
        connection_seconds=share * people_seconds,
        messages_in=share * incoming.messages,
        messages_out=share * outgoing.messages,
        bytes_in=share * incoming.bytes,
        bytes_out=share * outgoing.bytes,
        auto_responses=share * answered,
        object_requests=share * sum(held / likely(push.every) for push in pushes),
        most_users=most_users,
    )


def _said(profile: Profile, ages: Ages, people_seconds: float, squared: float) -> tuple[_Way, _Way, float]:
    """Return what is said in so much time that people are there: by clients, to them, and automatically."""
    incoming, outgoing, answered = _Way(), _Way(), 0.0
    for process in profile.messages.incoming:
        incoming.say(_rate(process, ages) * people_seconds, _mean_size(process.bytes))
    for answer in profile.messages.outgoing:
        if isinstance(answer, Reply):
            outgoing.say(incoming.messages * answer.count.law().mean, _mean_size(answer.bytes))
        elif isinstance(answer, Broadcast):
            others = _others(profile, people_seconds, squared) / people_seconds if people_seconds else 0.0
            outgoing.pass_on(incoming, likely(answer.share) * others)
        else:
            outgoing.say(_rate(answer, ages) * people_seconds, _mean_size(answer.bytes))
    for beat in profile.client.heartbeats:
        spoken = {"in": incoming.messages, "out": outgoing.messages}.get(beat.after_silence or "", 0.0)
        beats = ages.rate(beat.every, anew=spoken / (people_seconds or 1.0)) * people_seconds
        if beat.auto_response:
            answered += 2 * beats
            continue
        for way, size in ((incoming, beat.bytes_in), (outgoing, beat.bytes_out)):
            if size is not None:
                way.say(beats, size)
    return incoming, outgoing, answered


def _rate(process: Own | Push, ages: Ages) -> float:
    """Return a process's messages a second and connection."""
    if isinstance(process, Interval):
        return ages.rate(likely(process.every))
    if isinstance(process, (Poisson, Push)):
        return 1 / likely(process.every)
    stays = [law.mean for _, law in process.phases]
    return sum(rate * law.mean for rate, law in process.phases) / sum(stays)


def _mean_size(sizes: Distribution | None) -> float:
    """Return the mean of a message's size, 0 where nobody says. [bytes]"""
    return 0.0 if sizes is None else sizes.law().mean


def _others(profile: Profile, people_seconds: float, squared: float) -> float:
    """Return the seconds that pairs of people spend in the same room."""
    if profile.rooms is not None and profile.rooms.choice == "fill" and profile.rooms.size is not None:
        return people_seconds * (likely(profile.rooms.size) - 1)
    return squared * float(np.square(profile.shares).sum())


def _broken(profile: Profile, period: Period, length: float) -> float:
    """Return how often connections are cut at random moments, by accident and by deployments. [1/s]"""
    deploys = likely(profile.deploys.per_week) * period.days / 7 + len(profile.deploys.at)
    by_accident = 0.0 if profile.drops.every is None else 1 / likely(profile.drops.every)
    return by_accident + deploys * likely(profile.deploys.share) / length
