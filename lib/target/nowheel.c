#include "target/nowheel.h"

#include "core/path.h"
#include "core/vec.h"

enum { MAX_TAGS = 200 };

cp_str cp_nowheel_requirement(cp_str pip_output) {
    const cp_str sign = CP_STR("No matching distribution found for ");
    size_t at = cp_str_search(pip_output, sign);
    if (at == SIZE_MAX)
        return (cp_str){"", 0};
    cp_str rest = cp_str_sub(pip_output, at + sign.n, pip_output.n);
    cp_str line = cp_str_next(&rest, '\n');
    // "(from -r requirements.txt (line 2))" follows for requirements of a file.
    size_t from = cp_str_search(line, CP_STR(" (from "));
    return cp_str_trim(from == SIZE_MAX ? line : cp_str_sub(line, 0, from));
}

cp_str cp_nowheel_last_error(cp_str output) {
    cp_str last = {0}, error = {0};
    for (cp_str rest = output; rest.p;) {
        cp_str line = cp_str_trim(cp_str_next(&rest, '\n'));
        if (line.n)
            last = line;
        if (cp_str_starts(line, CP_STR("ERROR:")) || cp_str_starts(line, CP_STR("error:")))
            error = cp_str_trim(cp_str_sub(line, 6, line.n));
    }
    return error.n ? error : last;
}

static cp_str pinned_version(cp_str requirement) {
    size_t at = cp_str_search(requirement, CP_STR("=="));
    if (at == SIZE_MAX)
        return (cp_str){"", 0};
    cp_str version = cp_str_sub(requirement, at + 2, requirement.n);
    return cp_str_trim(cp_str_next(&version, ';'));
}

// File name of the link in a "Skipping link: reason: URL#sha256=..." line.
static cp_str linked_file(cp_str line) {
    size_t at = cp_str_search(line, CP_STR("://"));
    if (at == SIZE_MAX)
        at = cp_str_search(line, CP_STR("file:/"));
    if (at == SIZE_MAX)
        return (cp_str){"", 0};
    cp_str rest = cp_str_sub(line, at, line.n);
    cp_str url = cp_str_next(&rest, ' ');
    return cp_path_base(cp_str_next(&url, '#'));
}

// "name-1.2-cp311-..." and "name-1.2.tar.gz" -> "1.2".
static cp_str file_version(cp_str file) {
    size_t dash = cp_str_find(file, '-', 0);
    if (dash == SIZE_MAX)
        return (cp_str){"", 0};
    if (!cp_str_ends(file, CP_STR(".whl"))) {
        dash = cp_str_rfind(file, '-');
        cp_str v = cp_str_sub(file, dash + 1, file.n);
        static const char *const ends[] = {".tar.gz", ".zip", ".tar.bz2"};
        for (size_t i = 0; i < 3; i++)
            if (cp_str_ends(v, cp_str_of(ends[i])))
                return cp_str_sub(v, 0, v.n - strlen(ends[i]));
        return v;
    }
    cp_str rest = cp_str_sub(file, dash + 1, file.n);
    return cp_str_next(&rest, '-');
}

static cp_str line_tags(cp_str line) {
    const cp_str sign = CP_STR("none of the wheel's tags (");
    size_t at = cp_str_search(line, sign);
    if (at == SIZE_MAX)
        return (cp_str){"", 0};
    cp_str rest = cp_str_sub(line, at + sign.n, line.n);
    return cp_str_next(&rest, ')');
}

typedef CP_VEC(cp_str) texts;

static void add_tags(texts *list, cp_str tags, cp_arena *arena) {
    for (cp_str rest = tags; rest.p && list->n < MAX_TAGS;) {
        cp_str tag = cp_str_trim(cp_str_next(&rest, ','));
        bool known = tag.n == 0;
        for (size_t i = 0; i < list->n && !known; i++)
            known = cp_str_eq(list->v[i], tag);
        if (!known)
            cp_vec_push(list, cp_arena_str(arena, tag));
    }
}

void cp_nowheel_read(cp_nowheel *out, cp_str requirement, cp_str verbose_output, cp_arena *arena) {
    *out = (cp_nowheel){.version = cp_arena_str(arena, pinned_version(requirement))};
    texts tags = {0};
    for (cp_str rest = verbose_output; rest.p;) {
        cp_str line = cp_str_next(&rest, '\n');
        bool source = cp_str_search(line, CP_STR("No sources permitted for")) != SIZE_MAX;
        cp_str list = line_tags(line);
        if (!source && !list.n)
            continue;
        cp_str file = linked_file(line), version = file_version(file);
        if (pinned_version(requirement).n == 0 && !cp_str_eq(version, out->version)) {
            out->version = cp_arena_str(arena, version);
            out->source = (cp_str){0};
            tags.n = 0;
        }
        if (!cp_str_eq(version, out->version))
            continue;
        if (source)
            out->source = cp_arena_str(arena, file);
        else
            add_tags(&tags, list, arena);
    }
    out->tags = cp_vec_to_arena(&tags, arena);
    out->tag_count = tags.n;
    cp_vec_free(&tags);
}
