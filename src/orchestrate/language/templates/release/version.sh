#!/bin/sh
# Where this project keeps its version: the file VERSION. Asked for `files`, `read`, `write X`.
set -eu
case $1 in
  files) echo VERSION ;;
  read) cat VERSION 2>/dev/null || true ;;
  write) echo "$2" >VERSION ;;
esac
