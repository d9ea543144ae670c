# Asks GitHub for the newest release of a repository, or the newest commit of a
# branch. Inputs: API (its address), REPOSITORY (owner/name), BRANCH (empty for
# releases). GITHUB_TOKEN is a secret; it may be empty.
# shellcheck shell=sh disable=SC2154

if [ -n "$BRANCH" ]; then
    at=$API/repos/$REPOSITORY/commits/$BRANCH
else
    at=$API/repos/$REPOSITORY/releases/latest
fi
token=$(printf '%s' "${GITHUB_TOKEN-}" | tr -d ' \t\r\n')
printf '== newest\n'
if ! command -v curl >/dev/null; then
    echo 'curl is not installed'
else
    case $token in
    *[!A-Za-z0-9_.-]*) echo 'the token has signs that no token of GitHub has' ;;
    *)
        # The token comes on standard input, where nobody else sees it.
        {
            printf 'header = "Accept: application/vnd.github+json"\nheader = "X-GitHub-Api-Version: 2022-11-28"\n'
            [ -z "$token" ] || printf 'header = "Authorization: Bearer %s"\n' "$token"
        } | curl -q -sS --max-time 20 --max-filesize 4000000 -K - -w '\n== code\n%{http_code}\n' "$at" 2>&1
        ;;
    esac
fi
echo '== end'
