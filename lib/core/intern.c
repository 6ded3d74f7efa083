#include "core/intern.h"

#include "core/arena.h"
#include "core/hash.h"
#include "core/vec.h"

struct entry {
    cp_str text;
    uint64_t hash;
};

struct cp_intern {
    cp_arena arena;
    CP_VEC(struct entry) entries;
    uint32_t *slots; // entry + 1; 0 = free
    uint32_t mask;
};

cp_intern *cp_intern_new(void) {
    cp_intern *t = cp_xcalloc(1, sizeof *t);
    t->mask = 255;
    t->slots = cp_xcalloc(t->mask + 1, sizeof *t->slots);
    return t;
}

void cp_intern_free(cp_intern *table) {
    if (!table)
        return;
    cp_arena_cleanup(&table->arena);
    cp_vec_free(&table->entries);
    free(table->slots);
    free(table);
}

void cp_intern_cleanup(cp_intern **table) {
    cp_intern_free(*table);
}

static uint32_t *find_slot(const cp_intern *t, cp_str s, uint64_t hash) {
    for (uint32_t i = (uint32_t)hash & t->mask;; i = (i + 1) & t->mask) {
        uint32_t e = t->slots[i];
        if (e == 0 || (t->entries.v[e - 1].hash == hash && cp_str_eq(t->entries.v[e - 1].text, s)))
            return &t->slots[i];
    }
}

static void grow(cp_intern *t) {
    free(t->slots);
    t->mask = t->mask * 2 + 1;
    t->slots = cp_xcalloc((size_t)t->mask + 1, sizeof *t->slots);
    for (uint32_t e = 0; e < t->entries.n; e++) {
        uint32_t i = (uint32_t)t->entries.v[e].hash & t->mask;
        while (t->slots[i])
            i = (i + 1) & t->mask;
        t->slots[i] = e + 1;
    }
}

cp_id cp_intern_add(cp_intern *table, cp_str s) {
    uint64_t hash = cp_hash64(s);
    uint32_t *slot = find_slot(table, s, hash);
    if (*slot)
        return (cp_id){*slot - 1};
    cp_vec_push(&table->entries, (struct entry){cp_arena_str(&table->arena, s), hash});
    CP_ASSERT(table->entries.n < UINT32_MAX / 2);
    *slot = (uint32_t)table->entries.n;
    if (table->entries.n * 2 > table->mask)
        grow(table);
    return (cp_id){(uint32_t)table->entries.n - 1};
}

cp_id cp_intern_find(const cp_intern *table, cp_str s) {
    uint32_t e = *find_slot(table, s, cp_hash64(s));
    if (e == 0)
        return CP_NO_ID;
    return (cp_id){e - 1};
}

cp_str cp_intern_text(const cp_intern *table, cp_id id) {
    CP_ASSERT(id.i < table->entries.n);
    return table->entries.v[id.i].text;
}

uint32_t cp_intern_count(const cp_intern *table) {
    return (uint32_t)table->entries.n;
}
