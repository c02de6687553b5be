#!/usr/bin/env bash
# Builds a fuzz target on stable Rust and runs it for a bounded time:
#
#     fuzz/run.sh TARGET SECONDS [libFuzzer options]
#
# Coverage comes from plain -C options (no nightly, no cargo-fuzz). The corpus grows in fuzz/corpus/TARGET and
# starts from testdata/; what crashed is kept in fuzz/artifacts/TARGET and runs again with
# `fuzz/run.sh TARGET 0 FILE`.
set -euo pipefail

target=${1:?"usage: fuzz/run.sh TARGET SECONDS"}
seconds=${2:?"usage: fuzz/run.sh TARGET SECONDS"}
shift 2
case $seconds in *[!0-9]*) echo "SECONDS is a whole number" >&2; exit 2 ;; esac

fuzz=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$fuzz")
host=$(rustc -vV | sed -n 's/^host: //p')
build=${FUZZ_TARGET_DIR:-$fuzz/target}
corpus=$fuzz/corpus/$target
artifacts=$fuzz/artifacts/$target
mkdir -p "$corpus" "$artifacts"

# With --target the flags reach the targets but not build scripts, which could not link with them.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 ${RUSTFLAGS:-}" \
    cargo build --quiet --locked --release --manifest-path "$fuzz/Cargo.toml" \
    --target "$host" --target-dir "$build" --bin "$target"

# Seeds, written anew on each run: a seed is named by its origin, so it replaces itself.
seed_lines() { # FILE: one seed for each line
    split --lines=1 --numeric-suffixes --suffix-length=4 "$1" "$corpus/seed-$(basename "$1")-"
}
seed_hex() { # FILE PREFIX SEED: a golden file (tests/it/support/hex.rs) behind a prefix of two bytes
    printf '%b' "$2" > "$3"
    while IFS=: read -r at bytes; do
        truncate --size=$((16#$at + 2)) "$3"
        printf '%b' "${bytes// /\\x}" >> "$3"
    done < "$1"
}
case $target in
    ndjson) seed_lines "$root/testdata/format_v1/facts.ndjson" ;;
    id_text)
        ids=$(mktemp)
        grep -oE '"(a|b|id|old|new|from|to|target)":"[^"\\]+"' "$root/testdata/format_v1/facts.ndjson" |
            sed -E 's/^"[a-z]+":"(.*)"$/\1/' | sort -u > "$ids"
        split --lines=1 --numeric-suffixes --suffix-length=4 "$ids" "$corpus/seed-id-"
        rm -f "$ids"
        ;;
    entry_bytes)
        printf '%b' "$(tr -d '\n' < "$root/testdata/format_v1/commit.hex" | sed 's/../\\x&/g')" > "$corpus/seed-commit"
        ;;
    segment)
        # A golden snapshot, as it is and to be sealed anew; edits of a byte all over the target's own files.
        for flags in 01 05; do
            seed_hex "$root/tests/data/format_v1/snapshot/snapshot.hex" "\\x$flags\\x00" "$corpus/seed-snapshot-$flags"
        done
        for at in $(seq 0 307 31000); do
            place=$(printf '\\x%02x\\x%02x\\x00' $((at % 256)) $((at / 256)))
            printf '%b' "\\x04\\x$(printf '%02x' $((at % 251)))\\x00$place\\x01" > "$corpus/seed-edit-$at"
            printf '%b' "\\x0c\\x$(printf '%02x' $((at % 251)))\\x00$place\\x01" > "$corpus/seed-edit-below-$at"
            printf '%b' "\\x1c\\x$(printf '%02x' $((at % 251)))\\x00$place\\x01" > "$corpus/seed-edit-above-$at"
        done
        ;;
    api_body) for body in "$root"/testdata/bodies/*; do cp "$body" "$corpus/seed-$(basename "$body")"; done ;;
    callback)
        # Sealed well, for each product: 12 to 17.
        for body in "$root"/testdata/bodies/event.*; do
            for flags in 14 15 16 17; do
                { printf "\\$(printf '%03o' "$flags")"; cat "$body"; } \
                    > "$corpus/seed-$flags-$(basename "$body")"
            done
        done
        for vector in "$root"/testdata/vectors/*.encrypt; do
            { printf '\006'; cat "$vector"; } > "$corpus/seed-signed-$(basename "$vector")"
        done
        ;;
    encrypted) for vector in "$root"/testdata/vectors/*; do cp "$vector" "$corpus/seed-$(basename "$vector")"; done ;;
esac
# split leaves the line break on a seed, which is no part of an id.
[ "$target" != id_text ] || for seed in "$corpus"/seed-id-*; do
    printf '%s' "$(cat "$seed")" > "$seed"
done

run=("$build/$host/release/$target" -artifact_prefix="$artifacts/" -max_len=65536 -rss_limit_mb=2048 -timeout=10)
if [ "$seconds" = 0 ]; then
    exec "${run[@]}" "$@"
fi
exec "${run[@]}" -max_total_time="$seconds" -print_final_stats=1 "$@" "$corpus"
