"""Exploring: "and if?" asked of a bill, every answer by metering and rating again, never by rule of thumb.

One module a question: ``sweeping``, ``breaking_even``, ``sensitivity``, ``advising``, ``history``,
``unit_economics``. They start from a ``Case`` and move its fields by dotted ``paths``.
"""
