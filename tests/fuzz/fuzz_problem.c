// Any bytes as a problem file: a message or a problem that survives its own round trip.
#include "model/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CP_AUTOV(cp_arena) arena = {0};
    cp_err err = {0};
    cp_problem *problem = NULL, *again = NULL;
    cp_str text = {(const char *)data, size};
    if (cp_problem_from_json(&problem, text, "fuzz", &arena, &err) != CP_OK) {
        CP_ASSERT(err.message[0] != '\0');
        return 0;
    }
    CP_AUTOV(cp_buf) first = {0}, second = {0};
    cp_problem_to_json(&first, problem);
    CP_ASSERT(cp_problem_from_json(&again, cp_buf_str(&first), "again", &arena, &err) == CP_OK);
    cp_problem_to_json(&second, again);
    CP_ASSERT(cp_str_eq(cp_buf_str(&first), cp_buf_str(&second)));
    uint8_t *tier = CP_ARENA_ARRAY(&arena, uint8_t, problem->item_count);
    cp_check check;
    cp_check_placement(&check, problem, tier, &arena);
    return 0;
}
