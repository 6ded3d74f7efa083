// handler.h - from what the user calls the handler to a module and a function in it.
#pragma once

#include "analyze/graph.h"

typedef struct cp_handler {
    cp_str module, function;
    uint32_t position; ///< of the module in the graph
} cp_handler;

/// Reads the option, finds the module in the project, scans it and finds the function. Texts are in
/// the graph's arena. Fails as cp_analyze says.
CP_MUST_CHECK cp_status cp_handler_find(cp_handler *out, cp_graph *graph, cp_err *err);
