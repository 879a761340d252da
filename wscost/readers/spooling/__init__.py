"""Rows too many to hold, from logs of any format: set aside on disk, put in order, and read as a stream."""
