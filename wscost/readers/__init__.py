"""Readers: one module a trace format, found by being here.

A reader module defines

- ``NAME``: what ``--input-format`` calls it;
- ``sniff(head: bytes, path: Path | None) -> bool``: whether the content begins like this format;
- ``read(source: Source, options: Options) -> Trace``: the whole input as a checked trace.

Content decides; the file's name never does alone.
"""
