// Any bytes as RECORD: rows are bounded by the input, or the error names a line.
#include "py/dist.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cp_arena arena = {0};
    const cp_py_record_row *rows;
    size_t count, bytes = 0;
    cp_err err;
    cp_status status =
        cp_py_record(&rows, &count, (cp_str){(const char *)data, size}, &arena, &err);
    for (size_t i = 0; i < count; i++)
        bytes += rows[i].path.n + rows[i].hash.n;
    if (bytes > size || (status != CP_OK && strncmp(err.message, "line ", 5) != 0))
        abort();
    cp_arena_cleanup(&arena);
    return 0;
}
