cimport cython
from libc.stdint cimport int32_t, int64_t

cdef int64_t DAY, MINUTE, SECOND, NEVER, OPEN

ctypedef (int64_t, int64_t, int64_t, int64_t) Four

cpdef bint proper(const int64_t[::1] opened, const int64_t[::1] closed, int64_t first, int64_t past)

cpdef int64_t count(
    const int64_t[::1] opened,
    const int64_t[::1] closed,
    Four window,
    int64_t[:, ::1] by_day,
    int64_t[::1] breaks,
)

cpdef void spread(
    const int64_t[::1] opened,
    const int64_t[::1] closed,
    const int64_t[::1] totals,
    Four window,
    const int64_t[::1] breaks,
    int64_t[::1] by_day,
)

cpdef void overdraw(
    const int64_t[::1] opened,
    const int64_t[::1] closed,
    const int64_t[::1] handled,
    Four window,
    const int64_t[::1] breaks,
    Four prices,
    int64_t[::1] by_day,
)

@cython.locals(nth=int64_t, until=int64_t)
cpdef void run_clocks(
    const int64_t[::1] opened,
    const int64_t[::1] closed,
    const int32_t[::1] objects,
    const int64_t[::1] begun,
    const int64_t[::1] ended,
    const int32_t[::1] places,
    Four window,
    (int64_t, int64_t) lasting,
    int64_t[:, ::1] reached,
    int64_t[:, ::1] by_day,
)

cpdef int64_t tally(
    const int64_t[::1] opens,
    const int64_t[::1] closes,
    (int64_t, int64_t) stretches,
    int32_t[::1] came,
    int32_t[::1] left,
    int64_t[::1] gone,
    int64_t[::1] waiting,
)
