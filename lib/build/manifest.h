// manifest.h - what is inside an artefact and why, for people and for tools.
#pragma once

#include "build/output.h"
#include "data/jsonw.h"

/// {format: "cloudpack.manifest/1", artifact, handler, python, arch, optimize, catalog_sha256,
///  roots: [{kind, path}], packs: [{name, root, bytes, sha256, prefetch, members}],
///  assets: [{name, tier, kind, bytes, initial, why, files: <count or list>}]}
///
/// `place` chooses the assets: those that are (also) in the bundle or layer; CP_PLACE_COUNT takes
/// all and lists their files by name. `artifact` is "bundle", "layer" or "all".
void cp_manifest_write(cp_buf *out, const cp_output *e, const char *artifact, cp_place place);
