from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t

cdef double SHORT, ROUNDING

ctypedef fused Few:
    int8_t[::1]
    int32_t[::1]

cpdef int64_t look_up(
    const int32_t[::1] indices,
    const uint8_t[::1] valid,
    int64_t begin,
    Few table,
    int64_t missing,
    Few found,
)

cpdef int64_t fill(
    const int64_t[::1] values,
    const uint8_t[::1] valid,
    int64_t begin,
    int64_t missing,
    int64_t largest,
    int64_t[::1] found,
)

cpdef int64_t whole_micros(
    const double[::1] milliseconds,
    const uint8_t[::1] valid,
    int64_t begin,
    int64_t missing,
    int64_t[::1] found,
)

cpdef void unpack(const uint8_t[::1] bits, const uint8_t[::1] valid, int64_t begin, uint8_t[::1] found)
