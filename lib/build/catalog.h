// clang-format off
// catalog.h - the file that the runtime reads first: full module name -> where its bytes are.
//
// Fixed little-endian layout, no pickle, no marshal, no JSON: the importer looks a name up in place with a hash
// table, so opening costs the same for 10 modules and for 10,000. The generated boot module carries the sha256 of the
// whole file; the runtime checks it before it reads anything else, and bounds-checks every offset all the same.
//
//   header, 128 bytes
//     0    8  magic            "CPCAT\r\n\x1a"
//     8    4  format           1; a reader refuses a higher one
//    12    4  header_bytes     128; a reader skips what it does not know
//    16    8  file_bytes       size of the whole file
//    24    2  python_major     3
//    26    2  python_minor     11
//    28    4  flags            0
//    32    4  root_count
//    36    4  root_off         -> roots, 32 bytes each
//    40    4  pack_count
//    44    4  pack_off         -> packs, 64 bytes each
//    48    4  group_count
//    52    4  group_off        -> groups, 16 bytes each
//    56    4  member_count
//    60    4  member_off       -> members, 96 bytes each; prefetched and init members in first-use order
//    64    4  slot_count       power of two, >= 2 * member_count (1 when there are no members)
//    68    4  slot_off         -> u32 slots: member index + 1, 0 = free
//    72    4  ref_count
//    76    4  ref_off          -> u32 member indexes, sliced by members and groups
//    80    4  text_bytes
//    84    4  text_off         -> UTF-8 text, sliced by (offset, length); no terminators
//    88    4  lib_count        members [0, member_count) of kind LIB in topological order: refs [lib_ref, +lib_count)
//    92    4  lib_ref
//    96   32  zero
//
//   root, 32 bytes: a folder, or a bucket, that packs and loose files are found under
//     0    4  kind             0 task (LAMBDA_TASK_ROOT), 1 opt (/opt), 2 mount (absolute), 3 s3 (bucket and prefix)
//     4    4  path_off         task, opt: relative, no leading '/'; mount: absolute; s3: "bucket/prefix"
//     8    4  path_len
//    12    4  zero
//    16   16  zero
//
//   pack, 64 bytes: one file of members back to back
//     0    4  root
//     4    4  flags            1 = prefetch at start, in offset order
//     8    8  bytes
//    16    4  name_off         file name under the root's path, or object key under the s3 prefix
//    20    4  name_len
//    24    8  zero
//    32   32  sha256 of the pack
//
//   group, 16 bytes: the data files that must be on disk before any module of the group is executed, and the
//   folder that `__file__` and `__path__` of its modules start with (its home)
//     0    4  root             home is <root>/<path>/site unless flag 1
//     4    4  ref              first ref: members of kind DATA to materialise below the home before the first module runs
//     8    4  ref_count
//    12    4  flags            1 = home is the runtime's scratch folder (then refs may be non-empty)
//
//   member, 96 bytes
//     0    4  name_off         module name "numpy.linalg"; for LIB, DATA and SOURCE "/" + rel
//     4    4  name_len
//     8    1  kind             1 CODE  marshalled code object of the target Python
//                              2 EXT   extension module
//                              3 NS    namespace package (no bytes; rel is its folder)
//                              4 LIB   shared library that others need
//                              5 DATA  any other file
//                              6 TEXT  module as source text: compiled when imported (members nobody is known to need)
//                              7 SOURCE source text of a CODE member, for tracebacks and inspect
//     9    1  flags            1 package, 2 loose: a plain file at <root>/<path>/site/<rel>, not in a pack,
//                              4 deflated (raw deflate, RFC 1951), 8 loaded during init
//    10    2  pack             index; 0xffff when loose or NS
//    12    2  root             index; where a loose file is
//    14    2  zero
//    16    8  offset           in the pack
//    24    8  stored_bytes     in the pack
//    32    8  raw_bytes        after inflating
//    40    4  rel_off          path below the site folder, '/' separated, no leading '/', no "." or ".."
//    44    4  rel_len
//    48    4  need_ref         first ref: LIB members that must be loaded before this one
//    52    4  need_count
//    56    4  source           member index + 1 of the SOURCE, 0 = none
//    60    4  group            index
//    64   32  sha256 of the stored bytes
//
// Look-up: h = crc32(name) (zlib's, IEEE 802.3, over the UTF-8 name); probe slot (h + i) & (slot_count - 1) for
// i = 0, 1, ... until a slot is 0 (absent) or its member has that name.
// clang-format on
#pragma once

#include "core/buf.h"
#include "core/hash.h"

typedef enum cp_root_kind {
    CP_AT_TASK,  ///< path below LAMBDA_TASK_ROOT
    CP_AT_OPT,   ///< path below /opt
    CP_AT_MOUNT, ///< absolute path
    CP_AT_S3,    ///< "bucket/prefix"
} cp_root_kind;

typedef enum cp_member_kind {
    CP_MEMBER_CODE = 1,
    CP_MEMBER_EXT,
    CP_MEMBER_NS,
    CP_MEMBER_LIB,
    CP_MEMBER_DATA,
    CP_MEMBER_TEXT,
    CP_MEMBER_SOURCE,
} cp_member_kind;
/// "code", "extension", "namespace", "library", "data", "text", "source".
const char *cp_member_kind_name(cp_member_kind kind);

enum {
    CP_MEMBER_PACKAGE = 1,
    CP_MEMBER_LOOSE = 2,
    CP_MEMBER_DEFLATED = 4,
    CP_MEMBER_INIT = 8,
    CP_PACK_PREFETCH = 1,
    CP_GROUP_SCRATCH = 1,
    CP_NO_PACK = 0xffff,
};
#define CP_NO_MEMBER UINT32_MAX

typedef struct cp_catalog_root {
    cp_root_kind kind;
    cp_str path;
} cp_catalog_root;

typedef struct cp_catalog_pack {
    uint32_t root, flags;
    uint64_t bytes;
    cp_str name;
    cp_sha256 digest;
} cp_catalog_pack;

typedef struct cp_catalog_group {
    uint32_t root, flags;
    const uint32_t *refs; ///< DATA members
    uint32_t ref_count;
} cp_catalog_group;

typedef struct cp_catalog_member {
    cp_str name, rel;
    cp_member_kind kind;
    uint32_t flags, pack, root, group;
    uint64_t offset, stored_bytes, raw_bytes;
    const uint32_t *needs; ///< LIB members
    uint32_t need_count;
    uint32_t source; ///< member, or CP_NO_MEMBER
    cp_sha256 digest;
} cp_catalog_member;

/// All of a catalog, in memory: what the writer takes and the reader gives.
typedef struct cp_catalog {
    unsigned minor; ///< of Python 3.x
    const cp_catalog_root *roots;
    const cp_catalog_pack *packs;
    const cp_catalog_group *groups;
    const cp_catalog_member *members;
    const uint32_t *libs; ///< LIB members in topological order
    uint32_t root_count, pack_count, group_count, member_count, lib_count;
    cp_str bytes; ///< the file, when it was read
} cp_catalog;

/// Appends the file. Equal catalogs give equal bytes. Fails with CP_EUSAGE when two members have
/// one name or there are more packs or roots than the format counts.
CP_MUST_CHECK cp_status cp_catalog_write(cp_buf *out, const cp_catalog *catalog, cp_err *err);

/// Reads and checks a whole file: every offset, every index, kinds and flags, safe relative paths,
/// members within their packs, every name found where the hash table says and only once, every
/// library behind those it needs. Texts point into `bytes`, arrays live in `arena` and are never
/// larger than a small multiple of the file.
///
/// Fails with CP_EFORMAT: what is wrong, with its byte offset. A higher format number gets a hint.
CP_MUST_CHECK cp_status cp_catalog_open(cp_catalog *out, cp_str bytes, cp_arena *arena,
                                        cp_err *err);

/// The member called `name` of a catalog that was read, by its hash table, or CP_NO_MEMBER.
uint32_t cp_catalog_find(const cp_catalog *catalog, cp_str name);

/// Checks the bytes of pack number `pack`: its size and digest, and of each of its members the
/// digest and, when deflated, that it inflates to the promised size. Fails with CP_ECHECK naming
/// the member.
CP_MUST_CHECK cp_status cp_catalog_check_pack(const cp_catalog *catalog, uint32_t pack,
                                              cp_str bytes, cp_err *err);
