cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

cdef int32_t NOBODY
cdef uint64_t BASIS, PRIME, OTHER_PRIME, MASK

@cython.locals(slot=int64_t)
cpdef (int64_t, int64_t) number(
    const uint8_t[::1] text,
    const int32_t[::1] begins,
    uint8_t[::1] kept,
    int64_t[::1] kept_begins,
    int64_t count,
    int32_t[::1] slots,
    int64_t begin,
    int32_t[::1] numbers,
)

@cython.locals(slot=int64_t)
cpdef void enter(const uint8_t[::1] kept, const int64_t[::1] begins, int64_t count, int32_t[::1] slots)

cpdef void share_out(
    const uint8_t[::1] kept, const int64_t[::1] begins, int64_t count, uint64_t buckets, int32_t[::1] bucket
)

cpdef void hash_names(const uint8_t[::1] text, const int32_t[::1] begins, uint64_t[::1] hashes)
