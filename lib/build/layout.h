// layout.h - what goes where: from the plan's assets to members, groups, packs and loose files.
//
// Shared by the files of this folder only. Steps, each on the result of the one before:
//
//   roles     what every file is shipped as, by its asset's kind and tier
//   digests   contents, and that they are still those of the facts
//   compile   bytecode; third-party source that does not compile is shipped as text
//   groups    top-level packages and the folder (home) that their modules seem to live in
//   ids       content names of the layer and of the mount's folder
//   members   the catalog's rows, each with the pack that holds its bytes or the loose file that
//             it is; packs are in member order: used ones in first-use order, then cold ones, then
//             sources
#pragma once

#include "build/build.h"
#include "build/catalog.h"
#include "build/compile.h"
#include "build/digest.h"
#include "build/pack.h"
#include "core/vec.h"

/// Where bytes are, by the form in which they travel; CP_PLACE_BUNDLE is the catalog's root 0.
typedef enum cp_place {
    CP_PLACE_BUNDLE,
    CP_PLACE_LAYER,
    CP_PLACE_MOUNT,
    CP_PLACE_S3,
    CP_PLACE_COUNT
} cp_place;

typedef enum cp_role {
    CP_ROLE_NONE,    ///< not in the plan
    CP_ROLE_PROJECT, ///< the user's own file: as it is, at the top of the function zip
    CP_ROLE_META,    ///< dist-info: a plain file below a site folder, not in the catalog
    CP_ROLE_KEEP,    ///< of a package that stays plain files
    CP_ROLE_CODE,
    CP_ROLE_TEXT,
    CP_ROLE_EXT,
    CP_ROLE_LIB,
    CP_ROLE_DATA,
} cp_role;

/// What is decided about one file; parallel to cp_facts.files.
typedef struct cp_layout_file {
    cp_role role;
    cp_place place;
    bool cold;                          ///< nothing is known to need it
    uint32_t asset, group, job, member; ///< CP_NONE when there is none
    cp_sha256 digest;
} cp_layout_file;

typedef struct cp_layout_group {
    cp_str name; ///< top-level package or folder
    cp_place home;
    bool scratch;   ///< no local home: data are put on disk when the first module is imported
    bool has_data;  ///< home was chosen for data files
    bool has_local; ///< home was chosen at all
} cp_layout_group;

typedef struct cp_layout_pack {
    cp_str key; ///< what members are collected by
    cp_place place;
    bool prefetch;
    cp_str staged; ///< where it is written first
    CP_VEC(cp_pack_item) items;
    CP_VEC(uint32_t) members; ///< parallel to items
    cp_pack_totals totals;
} cp_layout_pack;

/// A plain file below a site folder; `pyc` adds its bytecode in __pycache__.
typedef struct cp_layout_loose {
    uint32_t file;
    cp_place place;
    bool pyc;
} cp_layout_loose;

typedef struct cp_layout {
    const cp_facts *facts;
    const cp_plan *plan;
    const cp_build_options *options;
    const cp_interpreter *python;
    cp_arena *arena;
    cp_layout_file *files;
    cp_compile_job *jobs;
    uint32_t job_count;
    CP_VEC(cp_layout_group) groups;
    CP_VEC(cp_catalog_member) members;
    CP_VEC(cp_layout_pack) packs;
    CP_VEC(cp_layout_loose) loose;
    CP_VEC(uint32_t) libs;
    cp_str ids[CP_PLACE_COUNT];     ///< 16 hex digits, for layer and mount
    uint32_t roots[CP_PLACE_COUNT]; ///< index in the catalog, CP_NONE when unused
    cp_catalog_root root_list[CP_PLACE_COUNT];
    uint32_t root_count;
} cp_layout;

void cp_layout_cleanup(cp_layout *layout);

/// The file name that bytecode has in the cache; `rel` is below the site folder.
#define CP_NEUTRAL_SITE "/cloudpack.site/"
/// The name that the bytecode of a third-party file gets: below the home of its group.
cp_marshal_rename cp_layout_rename(const cp_layout *l, uint32_t file);

/// Roles. Fails with CP_EUSAGE when a file is in two assets, or the plan uses a tier for which
/// there is no shelf or mount.
CP_MUST_CHECK cp_status cp_layout_roles(cp_layout *l, cp_err *err);
/// Digests. Fails with CP_ESTALE when a file is gone or has another size than in the facts.
CP_MUST_CHECK cp_status cp_layout_digests(cp_layout *l, cp_digest_cache *cache, const cp_ctx *ctx,
                                          cp_err *err);
/// Checks the shared libraries that are going to be used. CP_EFORMAT names a damaged one.
CP_MUST_CHECK cp_status cp_layout_natives(const cp_layout *l, const cp_ctx *ctx, cp_err *err);
/// Bytecode of everything that is shipped compiled; CP_EFORMAT for reached project code that does
/// not compile.
CP_MUST_CHECK cp_status cp_layout_compile(cp_layout *l, cp_compile_counts *counts,
                                          const cp_ctx *ctx, cp_err *err);
/// Groups with their homes, then the ids and roots.
void cp_layout_groups(cp_layout *l);
void cp_layout_ids(cp_layout *l);
/// Members, packs (without their results) and loose files.
void cp_layout_members(cp_layout *l);
