# What a server's own test says of its configuration, without what may be a
# secret of it.
# shellcheck shell=sh

# discreet prints what it reads with "…" for each word that may be a value of the
# configuration: a complaint quotes the word at which reading stopped, which may
# be a password, of small letters alone, too. Of quoted words those stay that are of
# the servers' own languages, or one letter off, and what the complaint names as a
# directive that it knows, a section, a host that it did not find or the name of a
# part. Paths, addresses, line numbers and the tool's own plain words stay. Given an
# expression, only lines like it are printed.
discreet() {
    awk -v like="${1-}" '
    # misspelt tells whether one letter less, more or other makes a word of a server of it.
    function misspelt(w,    o, a, b, i) {
        if (w !~ /^[a-z_-]+$/) return 0
        for (o in own) {
            a = length(w)
            b = length(o)
            if (b < 4 || a - b > 1 || b - a > 1) continue
            for (i = 1; i <= a && i <= b && substr(w, i, 1) == substr(o, i, 1);) i++
            if (a == b && substr(w, i + 1) == substr(o, i + 1) || a < b && substr(w, i) == substr(o, i + 1) || a > b && substr(w, i + 1) == substr(o, i)) return 1
        }
        return 0
    }
    BEGIN {
        n = split("on off yes no none all true false auto default http https events stream mail global defaults frontend backend listen bind server servers " \
            "location upstream peers resolvers userlist user users group groups password insecure-password cache log log-format mode tcp timeout connect client option " \
            "options balance roundrobin leastconn source first uri check backup weight default_backend use_backend acl stats auth redirect deny allow accept " \
            "reject set-header add-header del-header http-request http-response tcp-request tcp-response content connection session maxconn ssl verify required " \
            "crt ca-file alpn cookie errorfile stick-table daemon chroot nbthread root index alias return rewrite include gzip map if set resolver types " \
            "server_name ssl_certificate ssl_certificate_key proxy_pass proxy_set_header add_header try_files auth_basic auth_basic_user_file error_page " \
            "access_log error_log worker_processes worker_connections client_max_body_size fastcgi_pass caddy fmt import tls internal email handle handle_path " \
            "route respond header header_up header_down request_header reverse_proxy to file_server encode php_fastcgi redir uri basicauth basic_auth " \
            "handle_errors abort matcher directive EOF", word, " ")
        for (i = 1; i <= n; i++) own[word[i]]
    }
    $0 ~ like {
        out = before = earlier = inside = ""
        for (i = 1; i <= NF; i++) {
            bare = $i
            quoted = inside != "" || bare ~ /^\(?["\047`]/
            # What is quoted may be of several words.
            mark = inside
            opens = quoted && inside == ""
            if (opens) mark = substr(bare, bare ~ /^\(/ ? 2 : 1, 1)
            rest = bare
            gsub(/[])>,.:;]+$/, "", rest)
            closes = quoted && substr(rest, length(rest)) == mark && !(opens && rest ~ /^\(?["\047`]$/)
            inside = quoted && !closes ? mark : ""
            gsub(/^["\047`(<[]+|[]"\047`)>,.:;]+$/, "", bare)
            ahead = before
            gsub(/^["\047`(<[]+|[]"\047`)>,.:;]+$/, "", ahead)
            unheard = earlier ~ /^(unknown|[Uu]nrecognized|invalid|unexpected|unsupported|duplicate|bad)$/ &&
                ahead ~ /^(directive|subdirective|keyword|option|parameter|argument|value|property|token)$/
            if (bare !~ /[A-Za-z0-9]/ || bare ~ /^\// || bare ~ /^[0-9.:\/#]*$/ || bare ~ /^[A-Za-z0-9_.-]+:[0-9]+$/) keep = 1
            else if (bare in own || misspelt(bare)) keep = 1
            else if (unheard) keep = 0
            else if (quoted) {
                if (closes && opens && (earlier " " ahead) ~ /(^| )(not found in|found in|in upstream|resolve address)$/) keep = bare ~ /^[A-Za-z0-9._-]+$/
                else keep = bare ~ /^[a-z_-]+(\.[a-z_-]+)*$/ && closes && opens &&
                    ($(i + 1) ~ /^directive/ || ahead ~ /^([Pp]roxy|backend|frontend|section|upstream|name|zone|mean)$/ || (earlier " " ahead) == "tokens for")
            } else if (before ~ /:$/) keep = i < NF && bare ~ /^[A-Za-z_.]*(\(s?)?$/
            else keep = bare ~ /^[A-Za-z_.-]*(\(s?)?$/
            out = out (i > 1 ? " " : "") (keep ? $i : "…")
            earlier = ahead
            before = $i
        }
        print out
    }'
}
