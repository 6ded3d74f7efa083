#include "config/keys.h"

#include "config/values.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

const cp_key_row cp_keys[] = {
#define CP_KEY(field, path, kind, min, max, choices, initial, example, help)                       \
    {path, CP_KEY_##kind, offsetof(cp_config, field), min, max, choices, initial, example, help},
#include "config/keys.def"
#undef CP_KEY
};
const size_t cp_key_count = sizeof cp_keys / sizeof *cp_keys;
_Static_assert(sizeof cp_keys / sizeof *cp_keys <= CP_CONFIG_MAX_KEYS, "origins[] is too short");

// The member has the type of its kind.
#define TEXT cp_str
#define WORD cp_str
#define S3URL cp_str
#define MOUNTPATH cp_str
#define COUNT uint64_t
#define BYTES uint64_t
#define MEMORY uint64_t
#define REAL double
#define DURATION double
#define MONEY double
#define RATE double
#define LIST cp_config_list
#define CP_KEY(field, path, kind, min, max, choices, initial, example, help)                       \
    _Static_assert(_Generic(((cp_config *)NULL)->field, kind : 1, default : 0), path);
#include "config/keys.def"
#undef CP_KEY

size_t cp_key_find(cp_str path) {
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str known = cp_str_of(cp_keys[k].path);
        size_t i = 0;
        while (i < path.n && i < known.n &&
               (path.p[i] == known.p[i] || (path.p[i] == '-' && known.p[i] == '_')))
            i++;
        if (i == path.n && i == known.n)
            return k;
    }
    return SIZE_MAX;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// Levenshtein distance with swaps of neighbours counted once; both at most 40 bytes.
static size_t distance(cp_str a, cp_str b) {
    size_t d[41][41];
    for (size_t i = 0; i <= a.n; i++)
        for (size_t j = 0; j <= b.n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t change = a.p[i - 1] != b.p[j - 1];
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.n][b.n];
}

const char *cp_key_nearest(cp_str path) {
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    if (path.n < 2 || path.n > 40)
        return NULL;
    for (size_t k = 0; k < cp_key_count; k++) {
        cp_str known = cp_str_of(cp_keys[k].path);
        size_t dot = cp_str_rfind(known, '.');
        cp_str last = dot == SIZE_MAX ? known : cp_str_sub(known, dot + 1, known.n);
        size_t d = distance(path, known);
        if (cp_str_starts(known, path) || cp_str_starts(path, known) || cp_str_eq(last, path))
            d = least(d, 1);
        if (d < best_distance && d <= (path.n < 6 ? 2 : path.n / 3)) {
            best = cp_keys[k].path;
            best_distance = d;
        }
    }
    return best;
}

cp_status cp_key_unknown(cp_str path, const char *origin, cp_err *err) {
    const char *nearest = cp_key_nearest(path);
    cp_fail(err, CP_EUSAGE, "%s: unknown key \"%.*s\"", origin,
            CP_STR_ARG(cp_str_sub(path, 0, 60)));
    return nearest ? cp_hint(err, "did you mean %s?", nearest)
                   : cp_hint(err, "cloudpack.yml(5) lists all keys");
}

static cp_status refuse(cp_err *err, const cp_key_row *row, cp_str value, const char *expected) {
    cp_fail(err, CP_EUSAGE, "%s: \"%.*s\" is not %s", row->path,
            CP_STR_ARG(cp_str_sub(value, 0, 60)), expected);
    const char *sample = row->initial[0] ? row->initial : row->example;
    return cp_hint(err, "write for example `%s: %s`", row->path, sample);
}

static cp_status check_choice(cp_err *err, const cp_key_row *row, cp_str value) {
    if (!row->choices[0])
        return CP_OK;
    cp_str rest = cp_str_of(row->choices);
    while (rest.p)
        if (cp_str_eq(cp_str_next(&rest, '|'), value))
            return CP_OK;
    cp_fail(err, CP_EUSAGE, "%s: \"%.*s\" is not one of %s", row->path,
            CP_STR_ARG(cp_str_sub(value, 0, 60)), row->choices);
    if (cp_str_is(value, "aarch64"))
        return cp_hint(err, "Lambda calls this processor arm64");
    if (cp_str_is(value, "amd64") || cp_str_is(value, "x86-64"))
        return cp_hint(err, "Lambda calls this processor x86_64");
    return err->status;
}

// The message says the bound and by how much it is missed.
static cp_status check_bounds(cp_err *err, const cp_key_row *row, double value) {
    if (value >= row->min && value <= row->max)
        return CP_OK;
    bool over = value > row->max;
    double bound = over ? row->max : row->min, excess = over ? value - bound : bound - value;
    cp_fail(err, CP_EUSAGE, "%s: %.15g is %.15g %s the limit of %.15g", row->path, value, excess,
            over ? "over" : "under", bound);
    return cp_hint(err, "%s takes %.15g to %.15g", row->path, row->min, row->max);
}

static bool all_in(cp_str s, const char *more) {
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && (s.p[i] == '\0' || !strchr(more, s.p[i])))
            return false;
    return true;
}

static bool is_bucket(cp_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (isupper((unsigned char)s.p[i]))
            return false;
    return s.n >= 3 && s.n <= 63 && all_in(s, ".-") && isalnum((unsigned char)s.p[0]) &&
           isalnum((unsigned char)s.p[s.n - 1]);
}

static bool is_s3_url(cp_str s) {
    cp_str prefix = cp_str_sub(s, 5, s.n), bucket = cp_str_next(&prefix, '/');
    return cp_str_starts(s, CP_STR("s3://")) && is_bucket(bucket) && all_in(prefix, "/!-_.*'()=") &&
           cp_str_search(prefix, CP_STR("//")) == SIZE_MAX;
}

// The pattern of LocalMountPath in Lambda's API.
static bool is_mount_path(cp_str s) {
    cp_str name = cp_str_sub(s, 5, s.n);
    return cp_str_starts(s, CP_STR("/mnt/")) && name.n && all_in(name, "-_.");
}

static cp_status set_text(cp_str *out, const cp_key_row *row, cp_str value, cp_arena *arena,
                          cp_err *err) {
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7F)
            return refuse(err, row, CP_STR("..."), "one line of text without control characters");
    if (row->kind == CP_KEY_WORD && !all_in(value, "._-"))
        return refuse(err, row, value, "a word of letters, digits, '.', '-' and '_'");
    if (row->kind == CP_KEY_S3URL && !is_s3_url(value))
        return refuse(err, row, value, "an S3 place (s3://bucket/prefix)");
    if (row->kind == CP_KEY_MOUNTPATH && !is_mount_path(value))
        return refuse(err, row, value, "a mount path (/mnt/name)");
    CP_TRY(check_choice(err, row, value));
    if ((double)value.n < row->min)
        return refuse(err, row, value, "a text that says something");
    if ((double)value.n > row->max) {
        cp_fail(err, CP_EUSAGE, "%s: %zu bytes long, at most %.0f are allowed", row->path, value.n,
                row->max);
        return err->status;
    }
    *out = arena ? cp_arena_str(arena, value) : value;
    return CP_OK;
}

static cp_status set_whole(uint64_t *out, const cp_key_row *row, cp_str value, cp_err *err) {
    uint64_t parsed = 0;
    cp_status status = CP_OK;
    if (row->kind == CP_KEY_BYTES)
        status = cp_parse_bytes(&parsed, value, err);
    else if (row->kind == CP_KEY_MEMORY)
        status = cp_parse_memory_mb(&parsed, value, err);
    else if (!cp_str_to_u64(&parsed, value))
        return refuse(err, row, value, "a whole number");
    if (status != CP_OK)
        return cp_wrap(err, "%s", row->path);
    CP_TRY(check_bounds(err, row, (double)parsed));
    *out = parsed;
    return CP_OK;
}

static cp_status set_real(double *out, const cp_key_row *row, cp_str value, cp_err *err) {
    double parsed = 0;
    cp_status status = CP_OK;
    if (row->kind == CP_KEY_DURATION)
        status = cp_parse_duration_ms(&parsed, value, err);
    else if (row->kind == CP_KEY_MONEY)
        status = cp_parse_money_month(&parsed, value, err);
    else if (row->kind == CP_KEY_RATE)
        status = cp_parse_rate_month(&parsed, value, err);
    else if (!cp_str_to_double(&parsed, value))
        return refuse(err, row, value, "a number");
    if (status != CP_OK)
        return cp_wrap(err, "%s", row->path);
    CP_TRY(check_bounds(err, row, parsed));
    *out = parsed;
    return CP_OK;
}

static cp_status set_list(cp_config_list *out, const cp_key_row *row, const cp_str *values,
                          size_t count, cp_arena *arena, cp_err *err) {
    if ((double)count < row->min || (double)count > row->max) {
        cp_fail(err, CP_EUSAGE, "%s: %zu items, %.0f to %.0f are allowed", row->path, count,
                row->min, row->max);
        return cp_hint(err, "leave the key out for the default");
    }
    CP_ASSERT(arena);
    cp_str *items = CP_ARENA_ARRAY(arena, cp_str, count);
    cp_key_row item = *row;
    item.kind = CP_KEY_TEXT;
    item.min = 1;
    item.max = 2048;
    for (size_t i = 0; i < count; i++) {
        CP_TRY(set_text(&items[i], &item, values[i], arena, err));
        for (size_t j = 0; j < i; j++)
            if (cp_str_eq(items[i], items[j]))
                return cp_fail(err, CP_EUSAGE, "%s: \"%.60s\" is here twice", row->path,
                               items[i].p);
    }
    *out = (cp_config_list){items, count};
    return CP_OK;
}

cp_status cp_key_set(cp_config *config, size_t key, const cp_str *values, size_t count,
                     cp_arena *arena, cp_err *err) {
    const cp_key_row *row = &cp_keys[key];
    void *field = (char *)config + row->offset;
    if (row->kind == CP_KEY_LIST)
        return set_list(field, row, values, count, arena, err);
    CP_ASSERT(count == 1);
    switch (row->kind) {
    case CP_KEY_COUNT:
    case CP_KEY_BYTES:
    case CP_KEY_MEMORY:
        return set_whole(field, row, values[0], err);
    case CP_KEY_REAL:
    case CP_KEY_DURATION:
    case CP_KEY_MONEY:
    case CP_KEY_RATE:
        return set_real(field, row, values[0], err);
    default:
        return set_text(field, row, values[0], arena, err);
    }
}
