"""Strict YAML: exact decimals, dates, words that stay words, and the line of every complaint.

Numbers are ``int`` or ``Decimal``, never ``float``; ``2024-04-01`` is a ``date``; only ``true`` and
``false`` are booleans; ``10:30`` is text. Repeated keys, tags, numbers past 28 digits and whatever
grows without bound are refused. ``load`` reads, ``validate`` checks against a pydantic model; every
complaint is a ``ConfigError`` that begins with ``file:line:``.
"""

from wscost.yamlfile.document import Document, load, loads, validate
from wscost.yamlfile.plainwords import Location

__all__ = ["Document", "Location", "load", "loads", "validate"]
