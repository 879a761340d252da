# Turns what tshark prints of a capture into a CSV of events that wscost reads. See docs/inputs.md.
# Fragments make one message; pings, pongs and closes are none; lengths of 126 and 127 stand in for longer
# ones; a packet may hold several frames; the client is the side that did not send the 101.

BEGIN { FS = "\t"; print "connection_id,object_id,at_s,kind,direction,bytes" }

function event(kind, direction, bytes) {
    print "tcp-" $1 "," room[$1] "," $2 "," kind "," direction "," bytes
}

$4 == "101" && !($1 in server) {
    server[$1] = $3
    room[$1] = $5
    sub(/^[a-z]+:\/\/[^\/]*/, "", room[$1])
    sub(/[?#].*/, "", room[$1])
    gsub(/[",]/, "_", room[$1])
    event("open", "", "")
}

$1 in server {
    direction = $3 == server[$1] ? "out" : "in"
    key = $1 direction
    frames = split($6, opcode, ",")
    split($7, fin, ",")
    split($8, length7, ",")
    split($9, length16, ",")
    split($10, length64, ",")
    used16 = used64 = 0
    for (i = 1; i <= frames; i++) {
        bytes = length7[i] == 126 ? length16[++used16] : length7[i] == 127 ? length64[++used64] : length7[i]
        if (opcode[i] >= 8) continue
        size[key] = (opcode[i] == 0 ? size[key] : 0) + bytes
        if (fin[i] == 1 || fin[i] == "True") event("message", direction, size[key])
    }
    if (($11 ~ /^(1|True)/ || $12 ~ /^(1|True)/) && !closed[$1]++) event("close", "", "")
}
