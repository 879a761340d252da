cimport cython
from libc.stdint cimport int32_t, int64_t

cdef int64_t DAY, MINUTE, SECOND, NEVER, OPEN

ctypedef (int64_t, int64_t, int64_t, int64_t) Four

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

cpdef int64_t place(
    const int64_t[::1] instants,
    const int64_t[::1] closes,
    int64_t shift,
    int32_t[::1] firsts,
    int32_t[::1] left,
    int64_t[::1] waiting,
)

cpdef void climb(const int32_t[::1] left, const int64_t[::1] midnights, int64_t[::1] now, int64_t[::1] most)
