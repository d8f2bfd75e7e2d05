#include "runtime/kernels/scalar/scale.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/requantise.h"

void mrt_scalar_scale_set(mrt_scalar_scale_t *scale, const mrt_scalar_scaling_t *scaling)
{
    const uint32_t fraction = (uint32_t)scaling->fraction;
    const uint32_t half = UINT32_C(1) << (fraction - 1u);
    const uint32_t middle = ((uint32_t)scaling->output_point << fraction) + half;
    scale->coarse = (uint32_t)scaling->coarse;
    scale->fine = 16u - (uint32_t)scaling->coarse;
    scale->fraction = fraction;
    scale->middle = (scaling->two_sided == 1) ? (int32_t)middle : INT32_MIN;
    scale->least = scaling->activation_min;
    scale->most = scaling->activation_max;
    scale->words = mrt_scalar_record_words(scaling);
    scale->point = scaling->output_point;
}

/* The output of a sum by a record with multiplier and shift; kept apart, since the usual way needs few registers. */
static MRT_NOINLINE int32_t output_exact(const mrt_scalar_scale_t *scale, const uint32_t *record, int32_t sum)
{
    const int32_t whole = mrt_wrapping_add(sum, (int32_t)record[2]);
    const int32_t scaled = mrt_requantise(whole, (int32_t)record[1], mrt_scalar_record_end(record));
    return mrt_clamp(mrt_wrapping_add(scaled, scale->point), scale->least, scale->most);
}

int8_t mrt_scalar_output(const mrt_scalar_scale_t *scale, const uint32_t *record, int32_t sum)
{
    const int32_t coarse = sum >> scale->coarse; /* MISRA D2 */
    const int32_t begin = mrt_scalar_record_begin(record);
    const int32_t end = mrt_scalar_record_end(record);
    int32_t output;
    if (coarse < begin) {
        output = (begin != MRT_SCALAR_EXACT) ? scale->least : output_exact(scale, record, sum);
    } else if (coarse > end) {
        output = (begin != MRT_SCALAR_EXACT) ? scale->most : output_exact(scale, record, sum);
    } else {
        const uint32_t product = (uint32_t)coarse * (record[1] & 0xFFFFu);
        const int32_t fine = (int32_t)product >> scale->fine; /* MISRA D2 */
        const uint32_t scaled = ((uint32_t)sum * (record[1] >> 16u)) + (uint32_t)fine + record[2];
        output = (int32_t)scaled;
        if (output < scale->middle) {
            const uint32_t below = scaled + record[3];
            output = (int32_t)below;
        }
        output = output >> scale->fraction; /* MISRA D2 */
    }
    return (int8_t)output;
}

mrt_scalar_apart_t mrt_scalar_apart(const mrt_scalar_scaling_t *scaling)
{
    mrt_scalar_scale_t scale;
    mrt_scalar_scale_set(&scale, scaling);
    return (mrt_scalar_apart_t){scale.middle, scale.least, scale.most};
}

int8_t mrt_scalar_output_apart(const mrt_scalar_apart_t *shared, const uint32_t record[MRT_SCALAR_APART], uint32_t step,
                               int32_t sum)
{
    const uint32_t offset = (uint32_t)sum - record[0];
    int32_t output;
    if (offset > record[1]) {
        output = ((int32_t)offset < 0) ? shared->least : shared->most;
    } else {
        const int32_t coarse = sum >> MRT_SCALAR_APART_COARSE; /* MISRA D2 */
        const uint32_t product = (uint32_t)coarse * record[2];
        const int32_t fine = (int32_t)product >> (16u - MRT_SCALAR_APART_COARSE); /* MISRA D2 */
        const uint32_t scaled = ((uint32_t)sum * record[3]) + (uint32_t)fine + record[4];
        output = (int32_t)scaled;
        if (output < shared->middle) {
            const uint32_t below = scaled + step;
            output = (int32_t)below;
        }
        output = output >> MRT_SCALAR_APART_FRACTION; /* MISRA D2 */
    }
    return (int8_t)output;
}

bool mrt_scalar_apart_check(const mrt_scalar_scaling_t *scaling)
{
    return mrt_scalar_scaling_check(scaling) && (scaling->coarse == (int32_t)MRT_SCALAR_APART_COARSE)
           && (scaling->fraction == (int32_t)MRT_SCALAR_APART_FRACTION);
}

bool mrt_scalar_scaling_check(const mrt_scalar_scaling_t *scaling)
{
    return mrt_check_range(scaling->coarse, 1, 15) && mrt_check_range(scaling->fraction, 1, 24)
           && mrt_check_range(scaling->two_sided, 0, 1) && mrt_check_range(scaling->output_point, -128, 127)
           && mrt_check_range(scaling->activation_min, -128, scaling->activation_max)
           && mrt_check_range(scaling->activation_max, -128, 127);
}

uint32_t mrt_scalar_record_words(const mrt_scalar_scaling_t *scaling)
{
    return (scaling->two_sided == 1) ? 4u : 3u;
}

bool mrt_scalar_records_exact(const uint32_t *records, uint64_t count, uint64_t step)
{
    bool exact = false;
    for (uint64_t i = 0u; i < count; ++i) {
        exact = exact || (mrt_scalar_record_begin(&records[i * step]) == MRT_SCALAR_EXACT);
    }
    return exact;
}

bool mrt_scalar_records_check(const uint32_t *records, uint64_t count, uint64_t step)
{
    for (uint64_t i = 0u; i < count; ++i) {
        const uint32_t *record = &records[i * step];
        if ((mrt_scalar_record_begin(record) == MRT_SCALAR_EXACT) && !mrt_check_shift(mrt_scalar_record_end(record))) {
            return false;
        }
    }
    return true;
}
