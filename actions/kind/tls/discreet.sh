# What a server's own test says of its configuration, without what may be a
# secret of it.
# shellcheck shell=sh

# discreet prints what it reads with "…" for each word that may be a value of the
# configuration: a complaint quotes the word at which reading stopped, which may
# be a password. Names of directives, paths, addresses, line numbers and the
# tool's own plain words stay. Given an expression, only lines like it are printed.
discreet() {
    awk -v like="${1-}" '$0 ~ like {
        out = before = ""
        for (i = 1; i <= NF; i++) {
            bare = $i
            quoted = bare ~ /^\(?["\047`]/
            gsub(/^["\047`(<[]+|["\047`)>\],.:;]+$/, "", bare)
            if (bare ~ /^\// || bare ~ /^[0-9.:\/#]*$/ || bare ~ /^[A-Za-z0-9_.-]+:[0-9]+$/) keep = 1
            else if (quoted) keep = bare ~ /^[a-z_]+(\.[a-z_]+)*$/
            else if (before ~ /:$/) keep = bare ~ /^[A-Za-z_.]*(\(s?)?$/
            else keep = bare ~ /^[A-Za-z_.-]*(\(s?)?$/ || bare !~ /[A-Za-z0-9]/
            out = out (i > 1 ? " " : "") (keep ? $i : "…")
            before = $i
        }
        print out
    }'
}
