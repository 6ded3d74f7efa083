#include "core/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

struct job {
    cp_pool_fn fn;
    void *self;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock;
    size_t failed_index;
    cp_err *err;
};

struct worker {
    struct job *job;
    uint32_t number;
    pthread_t thread;
};

uint32_t cp_pool_threads(uint32_t asked, size_t count) {
    if (asked == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        asked = cores > 0 ? (uint32_t)cores : 1;
    }
    if (asked > MAX_THREADS)
        asked = MAX_THREADS;
    if (asked > count)
        asked = (uint32_t)count;
    return asked ? asked : 1;
}

static void keep_failure(struct job *job, size_t index, const cp_err *err) {
    pthread_mutex_lock(&job->lock);
    if (!atomic_load(&job->failed) || index < job->failed_index) {
        job->failed_index = index;
        *job->err = *err;
    }
    atomic_store(&job->failed, true);
    pthread_mutex_unlock(&job->lock);
}

static void *work(void *opaque) {
    struct worker *w = opaque;
    struct job *job = w->job;
    while (!atomic_load(&job->failed)) {
        size_t index = atomic_fetch_add(&job->next, 1);
        if (index >= job->count)
            break;
        cp_err err = {0};
        if (job->fn(job->self, index, w->number, &err) != CP_OK)
            keep_failure(job, index, &err);
    }
    return NULL;
}

cp_status cp_pool_run(uint32_t threads, size_t count, cp_pool_fn fn, void *self, cp_err *err) {
    struct job job = {.fn = fn, .self = self, .count = count, .err = err};
    pthread_mutex_init(&job.lock, NULL);
    struct worker workers[MAX_THREADS] = {0};
    uint32_t n = cp_pool_threads(threads, count), started = 1;
    for (uint32_t i = 0; i < n; i++)
        workers[i] = (struct worker){.job = &job, .number = i};
    for (; started < n; started++)
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break; // fewer threads do the same work
    work(&workers[0]);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_mutex_destroy(&job.lock);
    return atomic_load(&job.failed) ? err->status : CP_OK;
}
