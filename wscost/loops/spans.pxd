from libc.stdint cimport int32_t, int64_t

cdef int64_t NONE

cpdef int64_t coalesce(
    const int64_t[::1] opened,
    const int64_t[::1] closed,
    const int32_t[::1] objects,
    int64_t end,
    int64_t pinned,
    int64_t[::1] closing,
    int64_t[::1] outlasting,
    int64_t[::1] begins,
    int64_t[::1] ends,
    int32_t[::1] numbers,
    int64_t count,
)
