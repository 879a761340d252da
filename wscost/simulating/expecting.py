"""What a profile comes to on average: how many sessions, connections and messages, before any is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

import numpy as np

from wscost.profile.executors import Vus
from wscost.profile.messages import Broadcast, Interval, Own, Poisson, Push, Reply
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
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
    auto_responses: float
    """Heartbeats that the platform answers, and its answers; in no count of messages."""
    object_requests: float
    """Pushes that a room sends of its own accord."""
    most_users: float
    """Virtual users at the peak."""


def expected(profile: Profile, period: Period, share: float = 1.0) -> Expected:
    """Return what a share of a profile's rooms comes to in a period, on average.

    People at once are taken to follow arrivals without delay; heartbeats after silence count as if there
    were always silence. Virtual users who come to work begin a session, so each rise of their number adds
    (1 + c²) / 2 sessions to those of users long at work, c² being the squared coefficient of variation of
    a session and its pause (Cox, Renewal Theory, 1962, section 4.2).
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
    rate_in = sum(_rate(process) for process in profile.messages.incoming)
    beats = [beat for beat in profile.client.heartbeats if not beat.auto_response]
    beats_in = sum(1 / beat.every for beat in beats if beat.bytes_in is not None)
    beats_out = sum(1 / beat.every for beat in beats if beat.bytes_out is not None)
    answered = sum(2 / beat.every for beat in profile.client.heartbeats if beat.auto_response)
    messages_out = beats_out * people_seconds
    requests = 0.0
    for process in profile.messages.outgoing:
        if isinstance(process, Reply):
            messages_out += rate_in * people_seconds * process.count.law().mean
        elif isinstance(process, Broadcast):
            messages_out += likely(process.share) * rate_in * _others(profile, people_seconds, squared)
        elif isinstance(process, Push):
            messages_out += people_seconds / likely(process.every)
            requests += min(len(profile.shares) * (end - start), people_seconds) / likely(process.every)
        else:
            messages_out += _rate(process) * people_seconds
    return Expected(
        sessions=share * sessions,
        connections=share * (sessions + _reconnects(profile, period, people_seconds, end - start)),
        connection_seconds=share * people_seconds,
        messages_in=share * (rate_in + beats_in) * people_seconds,
        messages_out=share * messages_out,
        auto_responses=share * answered * people_seconds,
        object_requests=share * requests,
        most_users=most_users,
    )


def _rate(process: Own | Push) -> float:
    """Return a process's messages a second and connection."""
    if isinstance(process, (Interval, Poisson, Push)):
        return 1 / likely(process.every)
    stays = [law.mean for _, law in process.phases]
    return sum(rate * law.mean for rate, law in process.phases) / sum(stays)


def _others(profile: Profile, people_seconds: float, squared: float) -> float:
    """Return the seconds that pairs of people spend in the same room."""
    if profile.rooms is not None and profile.rooms.choice == "fill" and profile.rooms.size is not None:
        return people_seconds * (likely(profile.rooms.size) - 1)
    return squared * float(np.square(profile.shares).sum())


def _reconnects(profile: Profile, period: Period, people_seconds: float, length: float) -> float:
    cuts = 0.0
    if profile.drops.every is not None:
        cuts += people_seconds / likely(profile.drops.every)
    if profile.drops.after is not None:
        cuts += people_seconds / profile.drops.after
    deploys = likely(profile.deploys.per_week) * period.days / 7 + len(profile.deploys.at)
    return cuts + deploys * likely(profile.deploys.share) * people_seconds / length
