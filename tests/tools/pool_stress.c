// pool_stress.c - the fork-join pool under load, as a plain program: Criterion does not start under
// ThreadSanitizer.
//
// Many short rounds with every thread count: each item is done once, by a worker that exists, and
// its result is seen after the join; a failure is the one with the smallest index among those that
// ran, and stops the rest. Then real work, digests of overlapping slices, must give what one thread
// gives.
#include "core/hash.h"
#include "core/pool.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 512, ROUNDS = 100, THREADS = 9, SLICE = 4096 };

struct round {
    uint32_t threads;
    size_t fails_at; // and every later item; ITEMS = none
    size_t plain[ITEMS];
    uint32_t done[ITEMS]; // not atomic: two workers on one item would be a race that is reported
    atomic_size_t ran;
};

static void require(bool holds, const char *what) {
    if (holds)
        return;
    (void)fprintf(stderr, "pool_stress: %s\n", what);
    exit(1);
}

static cp_status one(void *self, size_t index, uint32_t worker, cp_err *err) {
    struct round *r = self;
    require(worker < r->threads, "a worker that does not exist");
    r->done[index]++;
    r->plain[index] = index * index;
    atomic_fetch_add(&r->ran, 1);
    if (index >= r->fails_at)
        return cp_fail(err, CP_EFORMAT, "item %zu", index);
    return CP_OK;
}

static void round_without_failure(uint32_t threads) {
    struct round r = {.threads = threads, .fails_at = ITEMS};
    cp_err err = {0};
    require(cp_pool_run(threads, ITEMS, one, &r, &err) == CP_OK, "failed for no reason");
    for (size_t i = 0; i < ITEMS; i++)
        require(r.done[i] == 1 && r.plain[i] == i * i, "an item was left out or done twice");
}

static void round_with_failures(uint32_t threads, size_t from) {
    struct round r = {.threads = threads, .fails_at = from};
    cp_err err = {0};
    require(cp_pool_run(threads, ITEMS, one, &r, &err) == CP_EFORMAT, "a failure was lost");
    // Items start in order, so the first that fails has always been started.
    char expected[32];
    (void)snprintf(expected, sizeof expected, "item %zu", from);
    require(strcmp(err.message, expected) == 0, "not the failure with the smallest index");
    require(threads > 1 || atomic_load(&r.ran) == from + 1, "an item was started after a failure");
}

struct work {
    const unsigned char *data;
    cp_sha256 sums[ITEMS];
};

static cp_status digest(void *self, size_t index, uint32_t worker, cp_err *err) {
    (void)worker, (void)err;
    struct work *w = self;
    w->sums[index] = cp_sha256_of((cp_str){(const char *)w->data + index, SLICE});
    return CP_OK;
}

static void same_digests(const unsigned char *data) {
    static struct work alone, together;
    alone.data = together.data = data;
    cp_err err = {0};
    require(cp_pool_run(1, ITEMS, digest, &alone, &err) == CP_OK, "one thread");
    require(cp_pool_run(THREADS, ITEMS, digest, &together, &err) == CP_OK, "many threads");
    require(memcmp(alone.sums, together.sums, sizeof alone.sums) == 0, "other digests");
}

int main(void) {
    static unsigned char data[ITEMS + SLICE];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7 + i / 251);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        round_without_failure(1 + round % THREADS);
        round_with_failures(1 + round % THREADS, (size_t)round * 5);
    }
    same_digests(data);
    (void)printf("%d rounds with up to %d threads\n", ROUNDS, THREADS);
    return 0;
}
