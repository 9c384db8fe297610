#!/bin/sh
# Build optimizer.jar with the JDK's own tools: build.sh [FOLDER]; without one, into build/ beside this script.
set -eu
sources=$(cd "$(dirname "$0")" && pwd)
target=${1:-"$sources/build"}
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
mkdir -p "$target"
# So small a build is over before the optimizing compiler of the JVM would pay off.
javac -J-XX:TieredStopAtLevel=1 --release 17 -Xlint:all -Werror -d "$classes" "$sources"/optimizers/*.java
jar --create --file "$target/optimizer.jar" --main-class optimizers.OptRunner -C "$classes" .
echo "$target/optimizer.jar"
