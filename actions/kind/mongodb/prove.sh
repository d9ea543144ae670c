# Asks the live server, and counts the collections of the copy in $FROM where there
# is one: none may be missing. How many documents came back was held against the
# copy when it was put in place; since then others may have written.
# shellcheck shell=sh disable=SC2154
work
credentials
server
if [ ! -f "${FROM-/none}/whole" ]; then
    printf '@level answered\n@proof it answers, with %s databases\n' "$(printf '%s' "$said" | sed -n 's/.*"databases":\([0-9]*\).*/\1/p')"
    exit 0
fi
whole "$FROM"
sed 's/^[0-9]* //' "$FROM/collections" | grep -v -E '^(admin|config)\.' >"$tmp/names"
NAMES=$tmp/names
export NAMES
# shellcheck disable=SC2016 # it is JavaScript
seen=$(asked 'if (process.env.JM_ROLE) { db.getSiblingDB(process.env.JM_AUTH).auth(process.env.JM_ROLE, require("fs").readFileSync(process.env.JM_SECRET, "utf8")); }
  let n = 0, documents = 0, missing = "";
  for (const name of require("fs").readFileSync(process.env.NAMES, "utf8").split("\n").filter(x => x)) {
    const d = db.getSiblingDB(name.slice(0, name.indexOf("."))), c = name.slice(name.indexOf(".") + 1);
    if (d.getCollectionInfos({name: c}).length === 0) { missing = name; break; }
    n += 1; documents += Number(d.getCollection(c).countDocuments({}));
  }
  print(missing ? "missing " + missing : "counted " + n + " " + documents);' | tail -n 1)
case $seen in
'counted '*) ;;
'missing '*) die "collection ${seen#missing } of the copy is not there" ;;
*) die "the collections cannot be counted: $seen" ;;
esac
# shellcheck disable=SC2086 # three words
set -- $seen
printf '@level data-checked\n@proof %s collections with %s documents, each brought back with as many as the copy has; the copy has the checksum that it was made with\n' "$2" "$3"
