# Reads the copy in $FROM back: every archive of it, to its end. Nothing is
# started: a mailcow that is brought up would deliver what waits in its queue.
# shellcheck shell=sh disable=SC2154
work
[ -s "$FROM/whole" ] || die 'the copy was not made to its end'
made=$(newest "$FROM/mailcow") || die 'the copy holds no backup of mailcow'
read_back "$made" >"$tmp/counts" || exit 1
tar -tf "$FROM/base.tar" 2>/dev/null | grep -q '^mailcow.conf$' || die 'the copy holds no mailcow.conf'
printf '@level extracted\n@proof each of %s archives reads back whole, %s entries in the mailboxes\n' "$(wc -l <"$tmp/counts" | tr -d ' ')" "$(sed -n 's/^vmail //p' "$tmp/counts")"
