// render.h - events and errors as text on stderr, or as JSON lines on stdout.
#pragma once

#include "cmd.h"

typedef struct cp_render {
    cp_json_mode json;
    bool quiet, verbose;
    bool terminal; ///< stderr is one: then a progress line is drawn over itself
    bool colour;
    bool line_open;           ///< a progress line is on the screen
    char cwd[4096];           ///< with a '/' at its end; what starts with it is shown relative
    unsigned warnings, shown; ///< after a dozen, warnings are only counted unless verbose
} cp_render;

/// Looks at the terminal, NO_COLOR and TERM.
void cp_render_init(cp_render *render);
/// A sink that renders with `render`.
cp_sink cp_render_sink(cp_render *render);
/// Ends a progress line and says how many warnings were not shown.
void cp_render_end(cp_render *render);
/// "cloudpack: message", the source line and a caret when the message starts with FILE:LINE:COL,
/// and the hint.
void cp_render_error(cp_render *render, const cp_err *err);
