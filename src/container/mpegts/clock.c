// SPDX-License-Identifier: Apache-2.0
#include "ts.h"

static int64_t
divide_rounded(int64_t n, int64_t by)
{
    n += by / 2;
    return n >= 0 ? n / by : -((-n + by - 1) / by);
}

int64_t
bc_ts_ticks_to_us(int64_t ticks)
{
    return divide_rounded(ticks * 100, 9);
}

int64_t
bc_ts_us_to_ticks(int64_t us)
{
    return divide_rounded(us * 9, 100);
}
