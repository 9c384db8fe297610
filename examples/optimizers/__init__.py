"""PSO, GA and DE on standard test functions: real work for `muster spot`.

A job names the entry point as `"runner": {"python": "examples.optimizers:optimize"}`; the repository's root must be
importable, as it is for a spot that is started there.
"""

import os

# A task works on arrays of at most a few hundred numbers, and a spot runs one process per core: BLAS threads would
# only take the cores from each other. The libraries read these once, when numpy is imported; what the user set stays.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from .experiment import optimize  # noqa: E402  (the threads must be set first)

__all__ = ["optimize"]
