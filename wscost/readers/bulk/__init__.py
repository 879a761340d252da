"""Files too big to hold: connections as batches of plain arrays, read while the last batch is metered."""
