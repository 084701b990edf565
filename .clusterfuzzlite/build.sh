#!/bin/bash -eu
# Untried, see README.md. Makes the targets of fuzz/targets into modules for Jazzer.js, each with its corpus.
cd "$SRC/sockless"
npm run build
node --import tsx fuzz/ours/jazzer.ts fuzz/dist/jazzer
(cd fuzz && npm install --no-save --ignore-scripts @jazzer.js/core@4)

for module in fuzz/dist/jazzer/*.cjs; do
  name=$(basename "$module" .cjs)
  compile_javascript_fuzzer sockless/fuzz "dist/jazzer/$name.cjs" --sync
  zip --quiet --junk-paths --recurse-paths "$OUT/${name}_seed_corpus.zip" "fuzz/dist/jazzer/$name"
done
