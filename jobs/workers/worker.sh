#!/bin/sh
# A worker in POSIX shell. It is asked on descriptor 3 and replies on 4, one item at a time, so what
# it prints otherwise is its log. The part to replace is `work`: it gets the item, each line that it
# prints is an item that comes of it, and its status says whether it failed. What is no text fails.
set -u

work() {
    [ -n "$1" ] || { echo "an empty item" >&2; return 65; }
    printf '%s\n' "$1" | tr '[:lower:]' '[:upper:]'
}

# A text out of JSON, without its quotes; a control character other than \n and \t stays \u00XX.
plain() { printf %b "$(printf %s "$1" | sed 's/\\\\/\\0134/g; s/\\"/"/g')"; }

# Lines as strings of JSON, with commas between them.
strings() { sed "s/[\\\\\"]/\\\\&/g; s/$(printf '\t')/\\\\t/g; s/.*/\"&\"/" | paste -s -d , -; }

while IFS= read -r request <&3; do
    id=${request#*'"id":"'} item=${request#*'"item":"'}
    id=${id%%'"'*}
    if [ "$item" != "$request" ] && out=$(work "$(plain "${item%'"}'}")" 3<&- 4>&-); then
        printf '{"id":"%s","ok":true,"out":[%s]}\n' "$id" "$(printf %s "$out" | strings)" >&4
    else
        printf '{"id":"%s","ok":false,"error":"status %s"}\n' "$id" "$?" >&4
    fi
done
