#include "profile/stats.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double cp_median(double *values, size_t count) {
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double cp_quantile(double *values, size_t count, double p) {
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    double want = p * (double)count;
    size_t rank = (size_t)want;
    if ((double)rank < want)
        rank++;
    return values[rank == 0 ? 0 : rank > count ? count - 1 : rank - 1];
}
