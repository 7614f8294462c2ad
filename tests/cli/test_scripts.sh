# The scripts in scripts/: usage, unknown arguments, and that setup leaves a complete system alone.
source tests/support/cli.sh

for name in setup build test check quickstart; do
  for option in --help -h; do
    run "scripts/$name" "$option"
    must "$name $option succeeds" [ "$code" = 0 ]
    must "$name $option prints its usage" has "$out" "usage: scripts/$name"
    must "$name $option prints no code" lacks "$out" "set -e"
  done
  run "scripts/$name" --nonsense
  must "$name refuses an unknown option" [ "$code" = 2 ]
  must "$name names the unknown option" has "$err" "--nonsense"
  must "$name says where help is" has "$err" "scripts/$name --help"
done
for name in setup build check quickstart; do
  run "scripts/$name" nonsense
  must "$name refuses an unknown word" [ "$code" = 2 ]
  must "$name names the unknown word" has "$err" "nonsense"
done
run scripts/build release Not/A/Target
must "build refuses what cannot be a target" [ "$code" = 2 ]
run scripts/test one two
must "test takes one filter" [ "$code" = 2 ]

root=$PWD
cd / && run "$root/scripts/setup" --list
cd "$root" || exit
must "setup --list works from another folder" [ "$code" = 0 ]
must "setup --list prints packages, one a line" has "$out" $'\nlibcurl4-openssl-dev\n'
must "setup --list leaves out what only check needs" lacks "$out" "clang-format"
run scripts/setup --list --check
must "setup --list --check has what check needs" has "$out" "clang-format"

# A system that has everything: apt-get and sudo would fail, so they must not be called.
mkdir "$scratch/bin"
for name in apt-get sudo; do
  printf '#!/bin/sh\necho "$0 was called" >&2\nexit 9\n' >"$scratch/bin/$name"
  chmod +x "$scratch/bin/$name"
done
run env PATH="$scratch/bin:$PATH" scripts/setup
must "setup calls no apt-get when nothing is missing" [ "$code$out$err" = 0 ]

# A system without apt-get and without our tools: says what is missing and fails.
mkdir "$scratch/bare"
for name in bash env id sed awk; do ln -s "$(command -v $name)" "$scratch/bare/$name"; done
run env PATH="$scratch/bare" bash scripts/setup
must "setup without apt-get fails when something is missing" [ "$code" = 1 ]
must "setup without apt-get names what is missing" has "$err" "libmicrohttpd-dev"
must "setup without apt-get names no more than is missing" lacks "$err" "libc6-dev"
run env PATH="$scratch/bare:/nowhere" bash scripts/build
must "build without a compiler points to setup" [ "$code" = 1 ]

finish
