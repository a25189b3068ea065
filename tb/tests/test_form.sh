#!/usr/bin/env bash
# The sources have their form, and what has not is seen (scripts/check_form.py); scripts/wrap.py mends prose and
# comments.
set -eu
cd "$(dirname "$0")/../.."
scripts/check_form.py

root=$PWD work=out/test/form
rm -rf $work
mkdir -p $work
cd $work
git init -q .
long=$(printf 'word %.0s' {1..40})
{ printf 'int small(void)\n{\n'; printf '    small();\n%.0s' {1..60}; printf '}\n'; } > small.c
{ printf 'int large(void)\n{\n'; printf '    large();\n%.0s' {1..61}; printf '}\n'; } > large.c
printf '// %s\n' "$long" > long.sv
printf '# Title\n\n- %s\n\n| %s |\n\n    %s\n' "$long" "$long" "$long" > long.md
printf '# %s\nname = "%s"\n' "$long" "$long" > long.py
printf '#include <stdio.h>\nva_start(ap, format);\n' > bare.c
printf '#include <stdarg.h>\nva_start(ap, format);\n' > whole.c
git add .
said=$("$root"/scripts/check_form.py .) && { echo "not seen: $said"; exit 1; }
want='bare.c:2: va_start, and no <stdarg.h> is included
large.c:1: a function of 61 lines, 60 at most: int large(void)
long.md:3: 202 columns, 140 at most
long.py:1: 202 columns, 120 at most
long.py:2: 209 columns, 120 at most
long.sv:1: 203 columns, 120 at most
form: 6 wrong'
[ "$said" = "$want" ] || { printf 'wanted:\n%s\nsaid:\n%s\n' "$want" "$said"; exit 1; }
"$root"/scripts/wrap.py long.md long.sv long.py
git rm -qf bare.c
said=$("$root"/scripts/check_form.py .) && { echo "not seen: $said"; exit 1; }
[ "$(wc -l <<< "$said")" = 3 ] || { echo "not mended: $said"; exit 1; }
[ "$(grep -c '^  word' long.md)" = 1 ] || { cat long.md; exit 1; } # the item goes on under its text
[ "$(grep -o word long.sv | wc -l)" = 40 ] || { cat long.sv; exit 1; }
echo "form: every fault is seen"
