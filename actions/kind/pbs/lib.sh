# What the scripts of a Proxmox Backup Server have in common, behind those of
# every repository. Inputs: REPOSITORY ("user@pbs!token@host:store"),
# FINGERPRINT (of its certificate, or empty), NAMESPACE, KEY (file of the key
# that encrypts, or empty), TAG.
# Secrets: PBS_PASSWORD and PBS_ENCRYPTION_PASSWORD, by the environment.
#
# A copy is a snapshot host/LABEL/TIME with an archive p1.pxar, p2.pxar … for
# each path, and jurymast.conf, which says the path of each. Its notes are
#
#   jurymast run=RUN at=TIME bytes=4096 files=12 whole
#
# and are written last: a snapshot without them is no copy of ours.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154

PBS_REPOSITORY=$REPOSITORY
export PBS_REPOSITORY
for name in PBS_PASSWORD PBS_ENCRYPTION_PASSWORD; do
    # shellcheck disable=SC2163 # the variable that it names
    export "$name"
done
[ -z "${FINGERPRINT-}" ] || { PBS_FINGERPRINT=$FINGERPRINT && export PBS_FINGERPRINT; }
work

label=$(printf '%s' "${TAG-}" | tr -c 'A-Za-z0-9_-' '_')
case $label in -*) label=_$label ;; esac
[ "$label" = "${TAG-}" ] || label=$label.$(printf '%s' "$TAG" | cksum | cut -d ' ' -f 1)

# client runs the client, at most as long as $limit says, and leaves what it
# complained of in $tmp/err. Without a terminal it asks nobody.
limit=
client() {
    # shellcheck disable=SC2086 # words
    $limit proxmox-backup-client "$@" 2>"$tmp/err" </dev/null
}

# once runs a command of the client that is about the namespace.
once() {
    if [ -n "${NAMESPACE-}" ]; then
        client "$@" --ns "$NAMESPACE"
    else
        client "$@"
    fi
}

# coded runs a command of the client that reads or writes data. Without a key of
# ours, one that lies in root's configuration is not taken either.
coded() {
    if [ -n "${KEY-}" ]; then
        once "$@" --keyfile "$KEY"
    else
        once "$@" --crypt-mode none
    fi
}

# why says what is wrong after the client ended with a code.
why() {
    told=$(sed -n 's/^Error: //p' "$tmp/err" | tail -n 1)
    [ -n "$told" ] || told=$(grep -v '^[[:space:]]*$' "$tmp/err" | tail -n 1)
    case $1:$told in
    124:* | 137:*) echo "the server of $REPOSITORY does not answer" ;;
    127:*) echo "proxmox-backup-client is not installed" ;;
    *"authentication failed"* | *"no password input mechanism"*) echo "the password or the token of $REPOSITORY is wrong, or expired ($told)" ;;
    *ertificate*) echo "the certificate of $REPOSITORY is not known here: set fingerprint to what its dashboard shows, if it is that one ($told)" ;;
    *) echo "proxmox-backup-client: ${told:-exit code $1}" ;;
    esac
}

# spoilt prints what the client complained of, where that is of the data itself.
spoilt() {
    grep -m 1 -E 'wrong (CRC )?checksum|wrong (chunk )?digest|wrong length|unable to load chunk .*No such file' "$tmp/err" | sed 's/^Error: //'
}

# broken ends it where the client ended with a code while it read the copy; $1
# ends it where something else may be why.
broken() {
    bad=$(spoilt)
    [ -z "$bad" ] || damaged "the copy $COPY is damaged: proxmox-backup-client: $bad"
    "$1" "$(why "$2")"
}

# snapshots leaves all snapshots of the namespace in $tmp/flat.
snapshots() {
    once snapshot list --output-format json >"$tmp/list" || return
    # Of a list the last line is its length.
    if ! flat <"$tmp/list" >"$tmp/flat" || ! tail -n 1 "$tmp/flat" | grep -q '^\.#'; then
        echo 'Error: what it answered is no list of snapshots, or half of it' >"$tmp/err"
        return 1
    fi
}

# copies prints the copies of $TAG, the newest first, as lines
# "ID UNIX-TIME BYTES FILES SORT RUN PROTECTED ENCRYPTED". One that the server's
# own verification did not find whole is none that is complete.
copies() {
    snapshots || return
    awk -F '\t' -v label="$label" "$epoch"'
        function put(    w, i, n, v, bare) {
            for (i in file) {
                if (file[i] ~ /^p[0-9]+\.pxar/ && mode[i] != "encrypt") bare = 1
                delete mode[i]
                delete file[i]
            }
            if (type == "host" && id == label && size != "" && split(note, w, " ") == 6 && w[1] == "jurymast") {
                for (i = 2; i <= 5; i++) {
                    n = index(w[i], "=")
                    v[substr(w[i], 1, n - 1)] = substr(w[i], n + 1)
                }
                if (v["run"] != "" && v["bytes"] ~ /^[0-9]+$/ && v["files"] ~ /^[0-9]+$/ && epoch(v["at"]) == time + 0)
                    printf "host/%s/%s %.0f %s %s %s %s %s %s\n", label, v["at"], time, v["bytes"], v["files"],
                        w[6] == "whole" && (state == "" || state == "ok") ? "complete" : "partial", v["run"], kept, bare ? "bare" : "encrypted"
            }
            type = id = time = note = size = state = ""
            kept = "false"
        }
        BEGIN { kept = "false" }
        {
            split($1, p, ".")
            if (p[2] != now) put()
            now = p[2]
            if (p[3] == "backup-type") type = $2
            else if (p[3] == "backup-id") id = $2
            else if (p[3] == "backup-time") time = $2
            else if (p[3] == "comment") note = $2
            else if (p[3] == "size") size = $2
            else if (p[3] == "protected") kept = $2
            else if (p[3] == "verification" && p[4] == "state") state = $2
            else if (p[3] == "files" && p[5] == "filename") file[p[4]] = $2
            else if (p[3] == "files" && p[5] == "crypt-mode") mode[p[4]] = $2
        }
        END { put() }' "$tmp/flat" | sort -k2,2nr
}

# found prints the newest copy that $RUN made, as copies does.
found() {
    copies >"$tmp/copies" || return
    awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies"
}

# known ends it unless $COPY is the name of a snapshot of ours.
known() {
    case $COPY in
    *[!A-Za-z0-9_./:-]*) die "$COPY is no copy of this repository" ;;
    host/*/????-??-??T??:??:??Z) ;;
    *) die "$COPY is no copy of this repository" ;;
    esac
}

# contents leaves in $tmp/paths which archive of $COPY holds which path, as
# "p1.pxar /path" a line, and in $tmp/sizes the sizes of its archives.
contents() {
    known
    coded restore "$COPY" jurymast.conf - >"$tmp/paths" || die "the copy $COPY cannot be read: $(why "$?")"
    grep -q '^p[0-9]*\.pxar /' "$tmp/paths" || die "the copy $COPY does not say what it holds"
    once snapshot files "$COPY" --output-format json >"$tmp/files" || die "the copy $COPY cannot be read: $(why "$?")"
    flat <"$tmp/files" >"$tmp/flat" || die "the copy $COPY cannot be read: what the server says of its files is no JSON, or half of it"
    awk -F '\t' '
        {
            split($1, p, ".")
            if (p[3] == "filename") name[p[2]] = $2
            else if (p[3] == "size") size[p[2]] = $2
        }
        END { for (i in name) if (sub(/\.didx$/, "", name[i])) print name[i], size[i] }' "$tmp/flat" >"$tmp/sizes"
}
