#include "data/yaml.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    cp_str text;
    const char *name;
    cp_arena *arena;
    cp_err *err;
    unsigned depth, nodes;
} reader;

// A libyaml event that frees itself.
typedef struct held_event {
    yaml_event_t e;
} held_event;

static void held_event_cleanup(held_event *event) {
    yaml_event_delete(&event->e);
}

static void reader_cleanup(reader *r) {
    yaml_parser_delete(&r->parser);
}

static uint32_t line_of(yaml_mark_t mark) {
    return (uint32_t)mark.line + 1;
}

static uint32_t column_of(yaml_mark_t mark) {
    return (uint32_t)mark.column + 1;
}

static cp_status fail_at(const reader *r, yaml_mark_t mark, const char *what) {
    return cp_fail(r->err, CP_EFORMAT, "%s:%u:%u: %s", r->name, line_of(mark), column_of(mark),
                   what);
}

// True when the white space in front of the mark, or the mark itself, is or holds a tab.
static bool tab_at(const reader *r, yaml_mark_t mark) {
    cp_str line = {NULL, 0}, rest = r->text;
    for (size_t i = 0; rest.p && i <= mark.line; i++)
        line = cp_str_next(&rest, '\n');
    size_t indent = 0;
    while (indent < line.n && (line.p[indent] == ' ' || line.p[indent] == '\t'))
        indent++;
    return cp_str_find(cp_str_sub(line, 0, indent), '\t', 0) != SIZE_MAX;
}

static cp_status syntax_error(const reader *r) {
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        cp_out_of_memory(r->text.n);
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR)
        return cp_fail(r->err, CP_EFORMAT, "%s: byte %zu: %s", r->name, p->problem_offset, problem);
    if (tab_at(r, p->problem_mark)) {
        fail_at(r, p->problem_mark, "a tab in the indentation: YAML allows spaces only");
        return cp_hint(r->err, "replace the tab by spaces");
    }
    fail_at(r, p->problem_mark, problem);
    if (p->context && p->context_mark.line != p->problem_mark.line)
        return cp_hint(r->err, "%s that began in line %u", p->context, line_of(p->context_mark));
    if (strstr(problem, "mapping values are not allowed"))
        return cp_hint(r->err, "put the value in quotes when it contains ': '");
    if (strstr(problem, "could not find expected ':'"))
        return cp_hint(r->err, "write `key: value`, with a space after the colon");
    return r->err->status;
}

static cp_status next(reader *r, held_event *event) {
    yaml_event_delete(&event->e);
    return yaml_parser_parse(&r->parser, &event->e) ? CP_OK : syntax_error(r);
}

static cp_status refuse_sharing(const reader *r, yaml_mark_t mark, const char *sigil,
                                const yaml_char_t *name, const char *what) {
    cp_fail(r->err, CP_EFORMAT, "%s:%u:%u: %s \"%s%.40s\" is not supported", r->name, line_of(mark),
            column_of(mark), what, sigil, (const char *)name);
    return cp_hint(r->err, "write the value out where it is used, or put it in quotes");
}

// The anchor and the tag that an event carries.
static cp_status refuse_extras(const reader *r, const yaml_event_t *e) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return refuse_sharing(r, e->start_mark, "*", e->data.alias.anchor, "alias");
    if (e->type == YAML_SCALAR_EVENT)
        anchor = e->data.scalar.anchor, tag = e->data.scalar.tag;
    else if (e->type == YAML_SEQUENCE_START_EVENT)
        anchor = e->data.sequence_start.anchor, tag = e->data.sequence_start.tag;
    else if (e->type == YAML_MAPPING_START_EVENT)
        anchor = e->data.mapping_start.anchor, tag = e->data.mapping_start.tag;
    if (anchor)
        return refuse_sharing(r, e->start_mark, "&", anchor, "anchor");
    if (tag)
        return refuse_sharing(r, e->start_mark, "", tag, "tag");
    return CP_OK;
}

static cp_status new_node(cp_yaml **out, reader *r, const yaml_event_t *e) {
    CP_TRY(refuse_extras(r, e));
    if (++r->nodes > CP_YAML_MAX_NODES)
        return fail_at(r, e->start_mark, "more than 20000 values");
    cp_yaml *node = CP_ARENA_NEW(r->arena, cp_yaml);
    node->kind = e->type == YAML_SCALAR_EVENT           ? CP_YAML_SCALAR
                 : e->type == YAML_SEQUENCE_START_EVENT ? CP_YAML_LIST
                                                        : CP_YAML_MAP;
    node->text = CP_STR("");
    node->line = line_of(e->start_mark);
    node->column = column_of(e->start_mark);
    if (node->kind == CP_YAML_SCALAR) {
        cp_str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
        if (cp_str_find(text, '\0', 0) != SIZE_MAX)
            return fail_at(r, e->start_mark, "a NUL character in a value");
        node->text = cp_arena_str(r->arena, text);
        node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    *out = node;
    return CP_OK;
}

static cp_status read_node(cp_yaml **out, reader *r, const yaml_event_t *e);

static cp_status check_key(const cp_yaml *key, const reader *r, const cp_yaml *map,
                           const yaml_event_t *e) {
    if (e->type != YAML_SCALAR_EVENT)
        return fail_at(r, e->start_mark, "a key must be a single word or text");
    for (const cp_yaml *m = map->first; m; m = m->next) {
        if (!cp_str_eq(m->key, key->text))
            continue;
        cp_fail(r->err, CP_EFORMAT, "%s:%u:%u: key \"%.60s\" is here twice, first in line %u",
                r->name, line_of(e->start_mark), column_of(e->start_mark), m->key.p, m->key_line);
        return cp_hint(r->err, "remove one of the two");
    }
    return CP_OK;
}

// One member: `e` is its key.
static cp_status read_member(cp_yaml **out, reader *r, const cp_yaml *map, const yaml_event_t *e) {
    cp_yaml *key = NULL;
    CP_TRY(new_node(&key, r, e));
    CP_TRY(check_key(key, r, map, e));
    CP_AUTOV(held_event) value = {0};
    CP_TRY(next(r, &value));
    CP_TRY(read_node(out, r, &value.e));
    (*out)->key = key->text;
    (*out)->key_line = key->line;
    (*out)->key_column = key->column;
    return CP_OK;
}

static cp_status read_node(cp_yaml **out, reader *r, const yaml_event_t *e) {
    cp_yaml *node = NULL;
    CP_TRY(new_node(&node, r, e));
    *out = node;
    if (node->kind == CP_YAML_SCALAR)
        return CP_OK;
    if (++r->depth > CP_YAML_MAX_DEPTH)
        return fail_at(r, e->start_mark, "nested deeper than 32 levels");
    const cp_yaml **tail = &node->first;
    CP_AUTOV(held_event) event = {0};
    for (;;) {
        CP_TRY(next(r, &event));
        if (event.e.type == YAML_SEQUENCE_END_EVENT || event.e.type == YAML_MAPPING_END_EVENT)
            break;
        cp_yaml *item = NULL;
        CP_TRY(node->kind == CP_YAML_MAP ? read_member(&item, r, node, &event.e)
                                         : read_node(&item, r, &event.e));
        *tail = item;
        tail = (const cp_yaml **)&item->next;
        node->count++;
    }
    r->depth--;
    return CP_OK;
}

static cp_status read_stream(const cp_yaml **out, reader *r) {
    CP_AUTOV(held_event) event = {0};
    CP_TRY(next(r, &event)); // stream start
    CP_TRY(next(r, &event));
    if (event.e.type == YAML_STREAM_END_EVENT) {
        cp_yaml *empty = CP_ARENA_NEW(r->arena, cp_yaml);
        *empty = (cp_yaml){.kind = CP_YAML_MAP, .text = CP_LIT(""), .line = 1, .column = 1};
        *out = empty;
        return CP_OK;
    }
    CP_TRY(next(r, &event));
    cp_yaml *root = NULL;
    CP_TRY(read_node(&root, r, &event.e));
    CP_TRY(next(r, &event)); // document end
    CP_TRY(next(r, &event));
    if (event.e.type != YAML_STREAM_END_EVENT)
        return fail_at(r, event.e.start_mark, "a second document; only one is read");
    *out = root;
    return CP_OK;
}

cp_status cp_yaml_parse(const cp_yaml **out, cp_str text, const char *name, cp_arena *arena,
                        cp_err *err) {
    if (text.n > CP_YAML_MAX_BYTES)
        return cp_fail(err, CP_EFORMAT, "%s: %zu bytes, at most %d are read", name, text.n,
                       CP_YAML_MAX_BYTES);
    __attribute__((cleanup(reader_cleanup)))
    reader r = {.text = text, .name = name, .arena = arena, .err = err};
    if (!yaml_parser_initialize(&r.parser))
        cp_out_of_memory(sizeof r);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
    return read_stream(out, &r);
}

const cp_yaml *cp_yaml_get(const cp_yaml *map, const char *key) {
    if (!map || map->kind != CP_YAML_MAP)
        return NULL;
    for (const cp_yaml *m = map->first; m; m = m->next)
        if (cp_str_is(m->key, key))
            return m;
    return NULL;
}

bool cp_yaml_is_empty(const cp_yaml *node) {
    return node->kind == CP_YAML_SCALAR && node->plain &&
           (node->text.n == 0 || cp_str_is(node->text, "~") || cp_str_is(node->text, "null"));
}
