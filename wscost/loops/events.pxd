from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t

cdef int64_t DAY, STRANGE, NUMBER, BYTES, UNSIZED, UNTIMED

cpdef int64_t read_kinds(
    const int32_t[::1] kinds,
    const uint8_t[::1] valid_kinds,
    int64_t kinds_begin,
    const int32_t[::1] ways,
    const uint8_t[::1] valid_ways,
    int64_t ways_begin,
    const int8_t[:, ::1] table,
    int8_t[::1] found,
)

cpdef void add_up(
    const int64_t[::1] at,
    const int8_t[::1] kind,
    const uint8_t[::1] answered,
    const int64_t[::1] size,
    const int64_t[::1] wall,
    int64_t first_day,
    int64_t[:, :, :, ::1] by_day,
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
    const int64_t[:, ::1] walls,
    int64_t[::1] begun,
    int64_t[::1] ended,
    int32_t[::1] places,
)
