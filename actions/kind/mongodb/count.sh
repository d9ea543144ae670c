# How the collections of a copy are counted in a server; behind mongodb/data.sh.
# shellcheck shell=sh disable=SC2034,SC2154

# names writes the names of a copy's collections to a file that mongosh is told of.
names() {
    sed 's/^[0-9]* //' "$1/collections" | grep -v -E '^(admin|config)\.' >"$tmp/names"
    NAMES=$tmp/names
    export NAMES
}

# counted leaves in $collections how many of them are there, and in $total their
# documents; none may be missing. $1 is JavaScript that is run for each: name, its
# database d and its name in there c.
counted() {
    # shellcheck disable=SC2016 # it is JavaScript
    seen=$(asked 'if (process.env.JM_ROLE) { db.getSiblingDB(process.env.JM_AUTH).auth(process.env.JM_ROLE, require("fs").readFileSync(process.env.JM_SECRET, "utf8")); }
  let n = 0, documents = 0, missing = "";
  for (const name of require("fs").readFileSync(process.env.NAMES, "utf8").split("\n").filter(x => x)) {
    const d = db.getSiblingDB(name.slice(0, name.indexOf("."))), c = name.slice(name.indexOf(".") + 1);
    if (d.getCollectionInfos({name: c}).length === 0) { missing = name; break; }
    '"$1"'
    n += 1; documents += Number(d.getCollection(c).countDocuments({}));
  }
  print(missing ? "missing " + missing : "counted " + n + " " + documents);' | tail -n 1)
    case $seen in
    'counted '*) ;;
    'missing '*) die "collection ${seen#missing } of the copy is not there" ;;
    'invalid '*) die "collection ${seen#invalid } of the copy is damaged: the server calls it not valid" ;;
    *) die "the collections cannot be counted: $seen" ;;
    esac
    total=${seen##* }
    collections=${seen#counted }
    collections=${collections%% *}
}
