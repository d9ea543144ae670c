# Has the cloud take a snapshot of the server, and judges it by what it lists
# afterwards: an image with the marks of this run that is whole. Says @copy and
# @bytes. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

# made leaves in $made what this run has had made: "ID BYTES STATUS".
made() {
    images
    made=$(awk -v run="$RUN" -v tag="$TAG" '$5 == run && $6 == tag { print $1, $3, $4; exit }' "$tmp/images")
}

made
if [ -z "$made" ]; then
    exists "$SERVER" || die "the cloud has no server $SERVER"
    act server create-image "$SERVER" --type snapshot --description "jurymast backup=$TAG run=$RUN" \
        --label "jurymast-backup=$TAG" --label "jurymast-run=$RUN" --label "jurymast-server=$SERVER"
    made
    [ -n "$made" ] || die "hcloud says that server $SERVER was copied, and the cloud lists no image with the marks of this run"
fi
until=$(($(date +%s) + LIMIT))
while :; do
    case $made in
    *' available') break ;;
    *' creating') ;;
    '') die "the image of this run is gone" ;;
    *) die "image ${made%% *}, which this run had made, is ${made##* }: the cloud counts it as no copy" ;;
    esac
    [ "$(date +%s)" -lt "$until" ] || die "image ${made%% *} is still being made after $LIMIT s"
    sleep 2
    made
done
# shellcheck disable=SC2086 # words
set -- $made
printf '@copy %s\n@bytes %s\n' "$1" "$2"
