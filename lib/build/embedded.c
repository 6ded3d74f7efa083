#include "build/embedded.h"

#include "runtime_files.h"

static const cp_str package = CP_LIT("cloudpack_runtime/");

static cp_str text_of(const cp_embedded *file) {
    return (cp_str){(const char *)file->data, file->bytes};
}

cp_str cp_runtime_file(const char *name) {
    size_t i = 0;
    while (i < cp_runtime_files_count && !cp_str_is(cp_str_of(cp_runtime_files[i].name), name))
        i++;
    CP_ASSERT(i < cp_runtime_files_count);
    return text_of(&cp_runtime_files[i]);
}

// CMake sorts what it globs, so the files are in the order of their names.
bool cp_runtime_module(size_t i, cp_str *name, cp_str *text) {
    size_t seen = 0;
    for (size_t k = 0; k < cp_runtime_files_count; k++) {
        cp_str path = cp_str_of(cp_runtime_files[k].name);
        if (!cp_str_starts(path, package) || seen++ != i)
            continue;
        *name = path;
        *text = text_of(&cp_runtime_files[k]);
        return true;
    }
    return false;
}

cp_sha256 cp_runtime_digest(void) {
    cp_sha256_stream *s = cp_sha256_new();
    for (size_t k = 0; k < cp_runtime_files_count; k++) {
        cp_sha256_add_field(s, cp_str_of(cp_runtime_files[k].name));
        cp_sha256_add_field(s, text_of(&cp_runtime_files[k]));
    }
    return cp_sha256_end(s);
}
