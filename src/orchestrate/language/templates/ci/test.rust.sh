#!/bin/sh
# Test Rust.
set -eu
cargo test --quiet
