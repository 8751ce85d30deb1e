# shellcheck shell=bash
# Sourced by the scripts of ops/, and by you: where the caches are, what cargo links, and the PATH
# with the tools and the `hansard` that ops/run built last.
#
#   HANSARD_CACHE      tools, the prebuilt RocksDB and cargo's target folder (~/.cache/hansard)
#   CARGO_TARGET_DIR   respected when it is already set

HANSARD_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/../.." && pwd)"
HANSARD_CACHE="${HANSARD_CACHE:-${HOME:-/root}/.cache/hansard}"

# The version of a package in Cargo.lock, without what it says of the C++ inside ("+11.8.1").
locked_version() {
    awk -v wanted="name = \"$1\"" '
        $0 == wanted { found = 1; next }
        found { gsub(/version = |"|\+.*/, ""); print; exit }
    ' "$HANSARD_ROOT/Cargo.lock"
}

# RocksDB is compiled once per machine and linked by every profile: see ops/setup.
ROCKSDB_LIB_DIR="$HANSARD_CACHE/rocksdb-$(locked_version librocksdb-sys)"
ROCKSDB_STATIC=1
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HANSARD_CACHE/target}"
PATH="$HANSARD_CACHE/bin:$HANSARD_CACHE/tools/bin:$PATH"
export HANSARD_CACHE ROCKSDB_LIB_DIR ROCKSDB_STATIC CARGO_TARGET_DIR PATH

say() {
    if [[ -t 2 ]]; then printf '\033[1m%s\033[0m\n' "$*" >&2; else printf '%s\n' "$*" >&2; fi
}
