"""All that knows HTTP, queues and schedules: the shells that functions run in."""

import gc

# A cold start makes a few hundred thousand objects, and nearly all of them stay. Looking through them for garbage after
# every 2,000 took a fourteenth of its time; what is garbage is still found, a little later.
gc.set_threshold(100_000)
