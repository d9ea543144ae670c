# Says whether a bucket answers and how it keeps what lies in it, in parts
# "== NAME" that end with the exit code. Inputs: BUCKET, ENDPOINT, REGION.
# shellcheck shell=sh disable=SC2034,SC2154

LIMIT=25
keyed "$ENDPOINT" "${ACCESS_KEY-}" "${SECRET_KEY-}"
ask() {
    printf '== %s\n' "$1"
    shift
    s3 "$ENDPOINT" "$REGION" "$@" --bucket "$BUCKET" --output json 2>"$tmp/err"
    code=$?
    [ "$code" = 0 ] || complaint
    printf '\nexit %s\n' "$code"
}
ask answers list-objects-v2 --max-keys 1 --no-paginate --query '{KeyCount: KeyCount, Name: Name}'
ask versioning get-bucket-versioning
ask lock get-object-lock-configuration
echo '== end'
