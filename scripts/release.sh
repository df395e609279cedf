#!/bin/sh
# Builds a product as it is released: scripts/release.sh sitong
#
# Swift's own libraries become part of it: it starts in half the time, and runs on servers without Swift.
set -eu
cd "$(dirname "$0")/.."
exec swift build -c release --static-swift-stdlib --product "$1"
