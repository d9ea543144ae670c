# Makes a server called $INTO of $COPY, which is not started. That of a drill, $SPARE,
# has a wall around it from the beginning. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

[ "$INTO" != "$SERVER" ] || die "server $INTO is the live one"
known
if exists "$INTO"; then
    discard
fi
if [ "$INTO" = "$SPARE" ]; then
    build
    bring "$INTO" --firewall "$wall"
else
    bring "$INTO"
fi
printf '@server %s\n' "$INTO"
