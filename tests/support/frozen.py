"""Imported last, this makes forks cheap: they share what was loaded before, which nobody looks at again."""

import gc

gc.collect()
gc.freeze()
