# What the scripts for the configuration of an OPNsense firewall have in common,
# behind directory/common.sh.
# shellcheck shell=sh disable=SC2034,SC2154

PATH=$PATH:/usr/local/bin
config=${JURYMAST_ROOT-}/conf/config.xml
running=${JURYMAST_ROOT-}/usr/local/opnsense/version/core

# whole_xml ends it unless a file is a whole configuration.
whole_xml() {
    [ -s "$1" ] || die "$1 is not there, or empty"
    case $(tail -n 1 "$1") in
    *'</opnsense>'*) ;;
    *) die "$1 does not end with </opnsense>: it is not whole" ;;
    esac
    grep -q '<opnsense>' "$1" || die "$1 is no configuration of OPNsense"
    if command -v xmllint >/dev/null; then
        said=$(xmllint --nonet --noout "$1" 2>&1 </dev/null)
    elif command -v php >/dev/null; then
        # shellcheck disable=SC2016 # php's
        said=$(php -r 'libxml_use_internal_errors(true); if (simplexml_load_file($argv[1]) === false) { foreach (libxml_get_errors() as $e) echo trim($e->message), " in line ", $e->line, "\n"; exit(1); }' "$1" 2>&1 </dev/null)
    else
        die "neither xmllint nor php is there to read $1 with"
    fi || die "$1 is not well-formed: $(printf '%s\n' "$said" | sed 1q)"
}

# told prints one value of a file that says which version is installed.
told() {
    sed -n 's/.*"product_'"$2"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$1" 2>/dev/null | sed 1q
}

# cards prints the network cards that a configuration assigns; what is made by
# the configuration itself is none.
cards() {
    sed -n '/<interfaces>/,/<\/interfaces>/s,.*<if>\([^<]*\)</if>.*,\1,p' "$1" | sort -u |
        grep -Ev '^(lo|enc|vlan|qinq|lagg|bridge|gif|gre|vxlan|wg|tun|tap|ovpn|ipsec|ppp|pppoe|pptp|l2tp|openvpn|wireguard|zt)|_vlan|\.' || :
}

# apply has the firewall take its configuration over.
apply() {
    reload=${JURYMAST_ROOT-}/usr/local/etc/rc.reload_all
    [ -x "$reload" ] || die "$reload is not there: reboot the firewall to use its configuration"
    "$reload" </dev/null || die "$reload ended with $?: reboot the firewall to use its configuration"
}

# set_config puts a file in the place of the configuration: all of it, or
# nothing. Who may read it stays as it was.
set_config() {
    part=$config.jurymast-part
    if ! cp -p "$config" "$part" 2>/dev/null; then
        : >"$part" && chmod 600 "$part"
    fi
    if ! { cat "$1" >"$part" && sync && mv "$part" "$config"; }; then
        die "$config cannot be written"
    fi
}

# leaves prints every setting of a configuration as "PATH<tab>VALUE", in order. When
# and by whom it was changed last is none.
leaves() {
    awk -v RS='<' '
        NR == 1 { next }
        /^[?]/ || /^!--/ { next }
        /^!\[CDATA\[/ {
            sub(/^!\[CDATA\[/, "")
            sub(/\]\]>/, "")
            value = value $0
            next
        }
        /^\// {
            if (leaf) say()
            leaf = 0
            sub(/\/[^\/]*$/, "", path)
            next
        }
        {
            end = index($0, ">")
            tag = substr($0, 1, end - 1)
            value = substr($0, end + 1)
            name = tag
            sub(/[ \t\r\n\/].*/, "", name)
            path = path "/" name
            leaf = 1
            if (tag ~ /\/$/) {
                value = ""
                say()
                leaf = 0
                sub(/\/[^\/]*$/, "", path)
            }
        }
        function say() {
            gsub(/[ \t\r\n]+/, " ", value)
            shown = path
            sub(/^\/opnsense\//, "", shown)
            if (shown !~ /^revision\//) print shown "\t" value
        }' "$1" | LC_ALL=C sort
}

# differences prints by which settings one configuration differs from another,
# each by its path alone, for what it holds may be a secret: "PATH 2 others".
differences() {
    leaves "$1" >"$tmp/was" && leaves "$2" >"$tmp/is" || return 1
    LC_ALL=C comm -3 "$tmp/was" "$tmp/is" | awk -F '\t' '
        $1 == "" { added[$2]++; all[$2] = 1; next }
        { gone[$1]++; all[$1] = 1 }
        END {
            for (p in all) {
                others = gone[p] < added[p] ? gone[p] + 0 : added[p] + 0
                text = ""
                if (others) text = text ", " others (others > 1 ? " others" : " other")
                if (gone[p] > others) text = text ", " gone[p] - others " gone"
                if (added[p] > others) text = text ", " added[p] - others " more"
                print p " " substr(text, 3)
            }
        }' | LC_ALL=C sort
}
