# Says what a NixOS machine runs, what it booted, which generations it keeps,
# and how old what they are made of is.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/run/current-system/sw/bin
export LC_ALL PATH
R=${JURYMAST_ROOT-}
profiles=$R/nix/var/nix/profiles

if [ ! -e "$R/etc/NIXOS" ] && [ ! -L "$R/run/current-system" ]; then
    echo missing
    exit 0
fi

echo '== system'
for name in booted current; do
    printf '%s %s\n' "$name" "$(readlink "$R/run/$name-system")"
    for part in kernel initrd kernel-modules; do
        printf '%s-%s %s\n' "$name" "$part" "$(readlink "$R/run/$name-system/$part")"
    done
done
printf 'profile %s\n' "$(readlink "$profiles/system")"
echo '== generations'
for link in "$profiles"/system-*-link; do
    [ -L "$link" ] || continue
    number=${link##*/system-}
    printf '%s %s %s\n' "${number%-link}" "$(stat -c %Y "$link")" "$(readlink "$link")"
done
echo '== version'
nixos-version --json 2>&1 </dev/null
echo '== channel'
for link in "$profiles/per-user/root/channels" "$R/root/.local/state/nix/profiles/channels"; do
    if [ -L "$link" ]; then
        stat -c %Y "$link"
        break
    fi
done
echo '== store'
df -Pk "$R/nix/store" 2>&1 </dev/null
echo '== upgrade'
systemctl show nixos-upgrade.service -p LoadState -p ActiveState -p Result -p ExecMainStatus --no-pager 2>&1 </dev/null
echo '== end'
