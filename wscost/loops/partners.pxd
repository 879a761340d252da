from libc.stdint cimport int64_t, uint8_t

cpdef void match(
    const int64_t[::1] fronts,
    const int64_t[::1] front_groups,
    const int64_t[::1] front_places,
    uint8_t[::1] fronts_alone,
    const int64_t[::1] inner,
    const int64_t[::1] inner_groups,
    const int64_t[::1] inner_places,
    uint8_t[::1] inner_alone,
    int64_t before,
    int64_t after,
    int64_t[::1] free,
)
