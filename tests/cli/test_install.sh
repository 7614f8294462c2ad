# What is installed is enough for others: a C host builds and runs by dps.pc and dps.h alone, and a
# stock lua5.4 loads the module.
source tests/support/cli.sh
prefix=$scratch/usr

# The sanitizers' run-time must come first in programs that were not built with them.
plainly() { run env LD_PRELOAD="${DPS_PRELOAD-}" ASAN_OPTIONS=detect_leaks=0 "$@"; }

run cmake --install "$DPS_BUILD" --prefix "$prefix"
must "the build installs" [ "$code" = 0 ]
must "one header is installed" [ "$(cd "$prefix/include" && find . -type f)" = ./dps.h ]
run "$prefix/bin/dps" --version
must "the installed program runs" [ "$code" = 0 ]

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name dps.pc)")
export PKG_CONFIG_PATH
run pkg-config --modversion dps
must "pkg-config knows the version" has "$out" 0.

cat >"$scratch/host.c" <<'C'
#include <dps.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  const char *code = "print(require('dps.json').encode({ 1, 2 }))";
  dps *engine = dps_open(NULL);
  if (!engine || dps_eval(engine, code, strlen(code), "host") || dps_run(engine)) {
    puts(engine ? dps_error(engine) : "no engine");
    return 1;
  }
  dps_close(&engine);
  return engine != NULL;
}
C
read -ra flags <<<"$(pkg-config --cflags --libs dps)"
run cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$scratch/host.c" -o "$scratch/host" "${flags[@]}"
must "a C host builds with the header and library alone" [ "$code" = 0 ]
library=$(pkg-config --variable=libdir dps)
plainly env LD_LIBRARY_PATH="$library" "$scratch/host"
must "a C host runs a script" [ "$code$out" = '0[1,2]' ]

run nm -D --defined-only "$library/libdps.so"
must "the library exports its public functions" has "$out" ' T dps_open'
must "the library exports nothing else" [ -z "$(awk '$3 !~ /^dps_/' <<<"$out")" ]
undeclared=
for name in $(awk '{ print $3 }' <<<"$out"); do
  grep -q "\b$name(" "$prefix/include/dps.h" || undeclared+=" $name"
done
must "every exported function is in dps.h" [ -z "$undeclared" ]

plainly env LUA_CPATH="$prefix/lib/lua/5.4/?.so" lua5.4 -e \
  'local dps = require "dps"; print(type(dps.create_fallback), require("dps.json").encode({ 1 }))'
must "a stock lua5.4 loads the module" [ "$code$out" = $'0function\t[1]' ]

finish
