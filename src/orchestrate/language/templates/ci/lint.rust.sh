#!/bin/sh
# Lint Rust: the format, then clippy; the compiler's own warnings where there is no clippy.
set -eu

if ! command -v cargo >/dev/null; then
  echo "reason=cargo is not installed: https://rustup.rs" \
    >>"${ORCHESTRATE_OUTPUT:-/dev/stderr}"
  exit 78
fi
if cargo fmt --version >/dev/null 2>&1; then
  cargo fmt --all --check
else
  echo "rustfmt is not installed: rustup component add rustfmt"
fi
if cargo clippy --version >/dev/null 2>&1; then
  cargo clippy --all-targets --quiet -- -D warnings
else
  RUSTFLAGS="-D warnings" cargo check --all-targets --quiet
  echo "clippy would find more: rustup component add clippy"
fi
