from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t

cdef int64_t DAY
cdef int64_t MISSING, STRANGE, OUT, MESSAGE, SENT, OPENING, CLOSING, ALARM, REQUEST
cdef int64_t RECEIVED, ANSWERED, DELIVERED, CALLS, UNTIMED, UNTIMED_ANSWERS, OPENS, CLOSES

cpdef int64_t settle(
    const int64_t[::1] at, int8_t[::1] kind, const int8_t[::1] direction, int64_t first, int64_t past
)

cpdef void add_up(
    const int64_t[::1] at,
    const int8_t[::1] kind,
    const uint8_t[::1] answered,
    const int64_t[::1] size,
    const int64_t[::1] wall,
    int64_t first_day,
    int64_t[:, ::1] by_day,
)

cpdef void add_units(
    const int64_t[::1] at,
    const int8_t[::1] kind,
    int64_t which,
    const int64_t[::1] size,
    int64_t step,
    int64_t first_day,
    int64_t[::1] by_day,
)

cpdef int64_t pick_runs(
    const int64_t[::1] at,
    const int8_t[::1] kind,
    const uint8_t[::1] answered,
    const int64_t[::1] wall,
    const int32_t[::1] objects,
    const int64_t[::1] walls,
    bint answers,
    int64_t[::1] begun,
    int64_t[::1] ended,
    int32_t[::1] places,
)
